// The client from outside: any program that takes --host, --port and a command.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage2/acted_manager.hpp"

TEST_CASE("a session has the article's prompts and messages, and shows the replies",
          "[stage2][contract]") {
    hint("Compare byte by byte: prompts without a newline, a blank line after each reply.");
    RunningManager manager;
    const Result result =
        run(client_command(manager.port()),
            {.input = "list\nrun\nproduction_redis_node\nstop\nproduction_redis_node\nstop\nx\n"
                      "run\n\nfoo\nexit\n"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    CHECK(result.out ==
          "Connected successfully to the Container Manager Daemon at 127.0.0.1:" +
              std::to_string(manager.port()) + "\n" + kPrompt +
              "[Client Packet Shipped: list]\nAvailable containers: []\n\n" + kPrompt +
              kNamePrompt +
              "[Client Packet Shipped: run production_redis_node]\n"
              "Container 'production_redis_node' created at '/tmp/production_redis_node.txt'\n\n" +
              kPrompt + kNamePrompt +
              "[Client Packet Shipped: stop production_redis_node]\n"
              "Container 'production_redis_node' stopped\n\n" +
              kPrompt + kNamePrompt + "[Client Packet Shipped: stop x]\nContainer not found\n\n" +
              kPrompt + kNamePrompt + "Container name required\n" + kPrompt +
              "Unknown instruction token. Valid primitives: run, stop, list, exit.\n" + kPrompt);
}

TEST_CASE("the same session with a daemon like the article's", "[stage2][contract]") {
    hint(
        "Its replies have no newline: one is over after 20 ms of quiet. Send one command at a "
        "time.");
    ArticleDaemon daemon;
    for (int round = 0; round < 2; ++round) {  // the first one's end must not have killed it
        const Result result = run(client_command(daemon.port()),
                                  {.input = "run\nweb\nlist\nstop\nweb\nstop\nx\nquit\n"});
        INFO(result);
        CHECK(result.exit_code == 0);
        for (const std::string part :
             {"[Client Packet Shipped: run web]\nContainer 'web' created at '/tmp/web.txt'\n\n",
              "[Client Packet Shipped: list]\nAvailable containers: ['web - created']\n\n",
              "Container 'web' stopped\n", "Container not found\n"}) {
            CHECK(result.out.find(part) != std::string::npos);
        }
    }
    CHECK(run(client_command(daemon.port(), {"run", "db"})).out ==
          "Container 'db' created at '/tmp/db.txt'\n");
    CHECK(run(client_command(daemon.port(), {"stop", "none"})).exit_code == 1);
}

TEST_CASE("one command on the command line is executed and its reply is all",
          "[stage2][contract][first]") {
    hint("Exit code 0 when it was done; 1, and the reply on standard error, when it was refused.");
    RunningManager manager;
    const std::string name = random_name();
    const Result created = run(client_command(manager.port(), {"run", name}));
    INFO(created);
    CHECK(created.exit_code == 0);
    CHECK(created.out == "Container '" + name + "' created at '/tmp/" + name + ".txt'\n");
    CHECK(run(client_command(manager.port(), {"stop", name})).exit_code == 0);
    CHECK(run(client_command(manager.port(), {"list"})).out ==
          "Available containers: ['" + name + " - stopped']\n");
    const Result refused = run(client_command(manager.port(), {"stop", "none"}));
    INFO(refused);
    CHECK(refused.exit_code == 1);
    CHECK(refused.out.empty());
    CHECK(refused.err.find("Container not found") != std::string::npos);
}

TEST_CASE("a refusal is told under the client's own name", "[stage2]") {
    RunningManager manager;
    CHECK(run(client_command(manager.port(), {"stop", "none"})).err ==
          "stage2-cli-client: Container not found\n");
}

static const std::vector<std::vector<std::string>> kWrongCommands = {{"run"},
                                                                     {"stop"},
                                                                     {"run", "a", "b"},
                                                                     {"list", "x"},
                                                                     {"foo"},
                                                                     {""},
                                                                     {"run", ""},
                                                                     {"run", "a b"},
                                                                     {"run", "x\nstop y"},
                                                                     {"run", "a\r"},
                                                                     {"run", "\xf0\x9f\x90\xb3"},
                                                                     {"--", "run", "-rf"},
                                                                     {"run", std::string(65, 'n')},
                                                                     {"--nonsense"},
                                                                     {"--port", "x"}};

TEST_CASE("wrong usage of the client ends it with 2, and nothing is sent", "[stage2][contract]") {
    hint("Check verb and name before anything is sent, with the same rule as the manager's.");
    RunningManager manager;
    for (const auto& words : kWrongCommands) {
        const Result result = run(client_command(manager.port(), words));
        INFO(result);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK_FALSE(result.err.empty());
    }
    CHECK(manager.process().out().find("Received data") == std::string::npos);
    CHECK(run(client_command(manager.port(), {"--", "run", "a"})).exit_code == 0);
}

TEST_CASE("wrong usage of the client is one clear line under its own name", "[stage2]") {
    for (const auto& words : kWrongCommands) {
        const Result result = run(client_command(1, words));
        INFO(result);
        CHECK(result.err.starts_with("stage2-cli-client: "));
        CHECK(result.err.find('\n') == result.err.size() - 1);
    }
    const Result help = run({program(2), "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.err.empty());
}

TEST_CASE("a name that the manager would refuse is not sent", "[stage2][contract]") {
    hint("Check the name with the manager's own rule before it is shipped.");
    RunningManager manager;
    const Result result = run(client_command(manager.port()), {.input = "run\na b\nstop\n../x\n"});
    INFO(result);
    CHECK(result.out.find(kNamePrompt) != std::string::npos);
    CHECK(result.out.find("Shipped") == std::string::npos);
    CHECK(manager.process().out().find("Received data: run") == std::string::npos);
}

TEST_CASE("what another service says is shown as such, and shown safely", "[stage2]") {
    for (const std::string words :
         {"HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH\r\n", "\x1b]52;c;ZXZpbA==\a\x1b[2J"}) {
        ActedManager manager;
        Process client{client_command(manager.port(), {"list"})};
        TextClient connection = manager.accept();
        connection.send(words);
        CHECK(client.wait() == 3);
        CHECK(client.err().find("unexpected reply: \"") != std::string::npos);
        CHECK(client.err().find('\x1b') == std::string::npos);
    }
}

TEST_CASE("a manager's escape sequences are shown and not obeyed", "[stage2][contract]") {
    hint("Show control characters of a reply as \\xNN: the terminal would obey them.");
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.send("list\n");
    CHECK(connection.read_line() == "list");
    connection.send("Available containers: ['\x1b[2Jx\r - created']\n");
    client.wait_for_output("Available containers: ['\\x1b[2Jx\\x0d - created']\n");
}

TEST_CASE("what the manager says unasked is shown, and the prompt again", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.wait_for_output(kPrompt);
    connection.send("going down soon\n");
    client.wait_for_output(kPrompt + "\ngoing down soon\n" + kPrompt);
}

TEST_CASE("clients in parallel each get their own reply", "[stage2][contract]") {
    RunningManager manager;
    std::vector<std::unique_ptr<Process>> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(std::make_unique<Process>(
            client_command(manager.port(), {"run", "c" + std::to_string(i)})));
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const std::string name = "c" + std::to_string(i);
        CHECK(clients[i]->wait() == 0);
        CHECK(clients[i]->out() == "Container '" + name + "' created at '/tmp/" + name + ".txt'\n");
    }
}
