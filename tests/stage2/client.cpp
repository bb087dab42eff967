// The client from outside: any program that takes --host, --port and a command.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage1/talk.hpp"

static const std::string kPrompt = "Enter command (run, stop or list), exit to quit interface: ";
static const std::string kNamePrompt = "Enter container name: ";

static std::vector<std::string> client_command(std::uint16_t port,
                                               const std::vector<std::string>& words = {}) {
    std::vector<std::string> command = {program(2), "--port", std::to_string(port)};
    command.insert(command.end(), words.begin(), words.end());
    return command;
}

// A manager played by the test itself: it accepts one client and says what it is told to.
class ActedManager {
public:
    ActedManager() : listener_{listen_tcp({"127.0.0.1", 0})} {}
    std::uint16_t port() const { return local_port(listener_.get()); }
    TextClient accept() {
        Fd socket;
        wait_until(
            [&] {
                socket = Fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
                return static_cast<bool>(socket);
            },
            "the client to connect");
        return TextClient{std::move(socket)};
    }

private:
    Fd listener_;
};

TEST_CASE("a session has the article's prompts and messages, and shows the replies", "[stage2]") {
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

TEST_CASE("the same session with a daemon like the article's", "[stage2]") {
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

TEST_CASE("one command on the command line is executed and its reply is all", "[stage2]") {
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
    CHECK(refused.err == "stage2-cli-client: Container not found\n");
}

TEST_CASE("wrong usage of the client is one clear line, exit code 2, and nothing is sent",
          "[stage2]") {
    RunningManager manager;
    for (const std::vector<std::string>& words : {std::vector<std::string>{"run"},
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
                                                  {"--port", "x"}}) {
        const Result result = run(client_command(manager.port(), words));
        INFO(result);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK(result.err.starts_with("stage2-cli-client: "));
        CHECK(result.err.find('\n') == result.err.size() - 1);
    }
    CHECK(manager.process().out().find("Received data") == std::string::npos);
    const Result help = run({program(2), "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.err.empty());
}

TEST_CASE("a name that the manager would refuse is not sent", "[stage2]") {
    RunningManager manager;
    const Result result = run(client_command(manager.port()), {.input = "run\na b\nstop\n../x\n"});
    INFO(result);
    CHECK(result.out.find("Invalid container name") != std::string::npos);
    CHECK(result.out.find("Shipped") == std::string::npos);
    CHECK(manager.process().out().find("Received data: run") == std::string::npos);
}

TEST_CASE("nobody listens: exit code 3 and a hint", "[stage2]") {
    const std::uint16_t port = local_port(listen_tcp({"127.0.0.1", 0}).get());
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{}, std::vector<std::string>{"list"}}) {
        const Result result = run(client_command(port, words));
        INFO(result);
        CHECK(result.exit_code == 3);
        CHECK(result.err == "stage2-cli-client: connect 127.0.0.1:" + std::to_string(port) +
                                ": Connection refused (is the manager running?)\n");
    }
    CHECK(run({program(2), "--host", "no.such.host.invalid", "list"}).exit_code == 3);
}

TEST_CASE("a manager that does not accept is given up after five seconds", "[stage2]") {
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    check(::listen(listener.get(), 0), "listen");
    const TextClient first{local_port(listener.get())};
    const Result result = run(client_command(local_port(listener.get()), {"list"}));
    INFO(result);
    CHECK(result.exit_code == 3);
    CHECK(result.err.find("timed out") != std::string::npos);
}

TEST_CASE("a host with several addresses is tried until one answers", "[stage2]") {
    RunningManager manager;  // on 127.0.0.1 alone
    const Result result =
        run({program(2), "--host", "localhost", "--port", std::to_string(manager.port()), "list"});
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a connection that ends before the reply is exit code 3", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port(), {"list"})};
    {
        TextClient connection = manager.accept();
        CHECK(connection.read_line() == "list");
    }
    CHECK(client.wait() == 3);
    CHECK(client.err().find("connection closed before the reply") != std::string::npos);
}

TEST_CASE("a manager that does not reply is given up after ten seconds", "[stage2][slow]") {
    ActedManager manager;
    RunOptions options;
    options.deadline = std::chrono::seconds{20};
    Process client{client_command(manager.port(), {"list"}), options};
    TextClient connection = manager.accept();
    CHECK(client.wait() == 3);
    CHECK(client.err().find("no reply") != std::string::npos);
}

TEST_CASE("a reply may come in pieces, with and without a newline", "[stage2]") {
    for (const std::string end : {"\n", ""}) {
        ActedManager manager;
        Process client{client_command(manager.port(), {"list"})};
        TextClient connection = manager.accept();
        CHECK(connection.read_line() == "list");
        for (const std::string piece : {"Available cont", "ainers: ['a - crea", "ted']"}) {
            connection.send(piece);
            run({"sleep", "0.1"});
        }
        connection.send(end);
        CHECK(client.wait() == 0);
        CHECK(client.out() == "Available containers: ['a - created']\n");
    }
}

TEST_CASE("a reply without an end does not fill the memory", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port(), {"list"})};
    TextClient connection = manager.accept();
    const std::string much(1 << 20, 'x');
    try {
        for (int i = 0; i < 100; ++i) connection.send(much);
    } catch (const SystemError&) {  // it hung up
    }
    CHECK(client.wait() == 3);
    CHECK(client.err().find("a reply without an end") != std::string::npos);
    CHECK(client.out().empty());
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

TEST_CASE("a manager's escape sequences are shown and not obeyed", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.send("list\n");
    CHECK(connection.read_line() == "list");
    connection.send("Available containers: ['\x1b[2Jx\r - created']\n");
    client.wait_for_output("Available containers: ['\\x1b[2Jx\\x0d - created']\n");
}

TEST_CASE("a manager that goes away is told at once, while the prompt waits", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port())};
    {
        TextClient connection = manager.accept();
        client.wait_for_output(kPrompt);
    }
    CHECK(client.wait() == 3);
    CHECK(client.err().find("connection closed by the manager") != std::string::npos);
}

TEST_CASE("what the manager says unasked is shown, and the prompt again", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.wait_for_output(kPrompt);
    connection.send("going down soon\n");
    client.wait_for_output(kPrompt + "\ngoing down soon\\x0a\n" + kPrompt);
}

TEST_CASE("on leaving the client says exit and reads to the end", "[stage2]") {
    for (const std::string input : {"exit\n", "quit\n", "", "run\n"}) {
        ActedManager manager;
        Process client{client_command(manager.port())};
        TextClient connection = manager.accept();
        client.send(input);
        client.close_stdin();
        CHECK(connection.read_to_end() == "exit\n");
        connection.send("Unknown command exit");  // a client that has closed would answer RST
        connection.end_sending();
        CHECK(client.wait() == 0);
    }
}

TEST_CASE("Ctrl-C says goodbye too", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.wait_for_output(kPrompt);
    client.signal(SIGINT);
    CHECK(connection.read_to_end() == "exit\n");
    connection.end_sending();
    CHECK(client.wait() == 130);
}

TEST_CASE("the last line may lack its newline, and lines may have CR LF", "[stage2]") {
    RunningManager manager;
    const Result result = run(client_command(manager.port()), {.input = " run \r\n web \r\nlist"});
    INFO(result);
    CHECK(result.out.find("Available containers: ['web - created']") != std::string::npos);
}

TEST_CASE("standard input may be empty or closed", "[stage2]") {
    RunningManager manager;
    RunOptions closed;
    closed.inherit_stdin_closed = true;
    for (const RunOptions& options : {RunOptions{}, closed}) {
        const Result result = run(client_command(manager.port()), options);
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out.ends_with(kPrompt + "\n"));
    }
}

TEST_CASE("an error of the client's own output or input is told to both sides", "[stage2]") {
    ActedManager manager;
    const std::string port = std::to_string(manager.port());
    for (const std::string streams : {"> /dev/full", "< /"}) {
        Process client{{"bash", "-c", "exec \"$0\" --port \"$1\" " + streams, program(2), port}};
        TextClient connection = manager.accept();
        CHECK(connection.read_to_end() == "Connection closed.\n");
        connection.end_sending();
        CHECK(client.wait() == 1);
        CHECK(client.err().starts_with("stage2-cli-client: "));
    }
}

TEST_CASE("a reader that has seen enough ends the client without noise", "[stage2]") {
    RunningManager manager;
    const Result result = run({"bash", "-c", "yes list | \"$0\" --port \"$1\" | head -1",
                               program(2), std::to_string(manager.port())});
    INFO(result);
    CHECK(result.err.empty());
}

TEST_CASE("clients in parallel each get their own reply", "[stage2]") {
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
