// The manager from outside: any program that answers `--port 0` with the article's first line.
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage1/talk.hpp"

static const std::string kEmptyList = "Available containers: []";

TEST_CASE("the manager listens, and answers list", "[stage1][contract][first]") {
    RunningManager manager;
    TextClient client{manager.port()};
    hint("Answer the line `list` with the line `Available containers: []`, at once.");
    client.send("list\n");
    REQUIRE(client.read_line() == kEmptyList);
}

TEST_CASE("the manager says the article's words, one line a reply", "[stage1][contract]") {
    hint("Each line has one line of reply: the article's words, as in the chapter's table.");
    RunningManager manager;
    TextClient client{manager.port()};
    CHECK(client.ask("list") == kEmptyList);
    CHECK(client.ask("run web") == "Container 'web' created at '/tmp/web.txt'");
    CHECK(client.ask("run db") == "Container 'db' created at '/tmp/db.txt'");
    CHECK(client.ask("stop db") == "Container 'db' stopped");
    CHECK(client.ask("list") == "Available containers: ['web - created', 'db - stopped']");
    CHECK(client.ask("stop web") == "Container 'web' stopped");
    CHECK(client.ask("run web") == "Container 'web' created at '/tmp/web.txt'");
    CHECK(client.ask("list") == "Available containers: ['web - created', 'db - stopped']");
    CHECK(client.ask("stop none") == "Container not found");
    CHECK(client.ask("run") == "Usage: run <container_name>");
    CHECK(client.ask("run a b") == "Usage: run <container_name>");
    CHECK(client.ask("stop") == "Usage: stop <container_name>");
    CHECK(client.ask("list all") == "Usage: list");
    CHECK(client.ask("foo") == "Unknown command foo");
    CHECK(client.ask("foo bar") == "Unknown command foo");
    CHECK(client.ask("LIST") == "Unknown command LIST");
    CHECK(::access("/tmp/web.txt", F_OK) == -1);
}

TEST_CASE("the manager logs in the article's words, at once", "[stage1][contract]") {
    hint("Print `Connection from ('127.0.0.1', PORT)` and `Received data: LINE`, each at once.");
    RunningManager manager;
    Process& process = manager.process();
    CHECK(process.out() == "Container Manager Daemon actively listening on 127.0.0.1:" +
                               std::to_string(manager.port()) + "\n");
    TextClient client{manager.port()};
    const std::string own_port = std::to_string(local_port(client.fd()));
    CHECK(process.read_line() == "Connection from ('127.0.0.1', " + own_port + ")");
    client.send("run micro_service_node\nlist\r\n");
    CHECK(process.read_line() == "Received data: run micro_service_node");
    CHECK(process.read_line() == "Received data: list");
    hint("A line that is refused is logged like any other.");
    client.send("run ../x\nfoo bar\n \nGET /x\n");
    for (const std::string line : {"run ../x", "foo bar", "GET /x"}) {
        CHECK(process.read_line() == "Received data: " + line);
    }
}

TEST_CASE("blank lines are ignored, and blanks around words count for nothing",
          "[stage1][contract]") {
    hint("A line of spaces and tabs has no command in it, and gets no reply.");
    RunningManager manager;
    TextClient client{manager.port()};
    client.send("\n \n\t \t\r\n  run \t web  \n");
    CHECK(client.read_line() == "Container 'web' created at '/tmp/web.txt'");
    CHECK(client.ask("list") == "Available containers: ['web - created']");
    hint("Only the ASCII space and tab separate words, not what your language calls white space.");
    for (const std::string word : {"no\u00a0break", "zero\u200bwidth", "em\u2003space"}) {
        CHECK(client.ask(word + " x") == "Unknown command " + word);
    }
}

TEST_CASE("pieces of any size make the same commands", "[stage1][contract]") {
    hint("One recv is not one command: keep what has come, and cut it at the newlines.");
    RunningManager manager;
    TextClient client{manager.port()};
    client.ask("list");  // so that a slow machine does not take `run w` for the whole
    for (const char byte : std::string{"run web\n"}) client.send(std::string_view{&byte, 1});
    CHECK(client.read_line() == "Container 'web' created at '/tmp/web.txt'");
    client.send("stop web\nrun db\r\nlist\nsto");
    CHECK(client.read_line() == "Container 'web' stopped");
    CHECK(client.read_line() == "Container 'db' created at '/tmp/db.txt'");
    CHECK(client.read_line() == "Available containers: ['web - stopped', 'db - created']");
    client.send("p db\n");
    CHECK(client.read_line() == "Container 'db' stopped");
}

TEST_CASE("a client that sends no newlines is answered, as the article's is",
          "[stage1][contract]") {
    hint("A whole command on a connection that never sent a newline counts after 20 ms of quiet.");
    RunningManager manager;
    TextClient client{manager.port()};
    client.send("run production_redis_node");
    CHECK(client.read_line() ==
          "Container 'production_redis_node' created at '/tmp/production_redis_node.txt'");
    client.send("list");
    CHECK(client.read_line() == "Available containers: ['production_redis_node - created']");
    client.send("  stop \t production_redis_node ");
    CHECK(client.read_line() == "Container 'production_redis_node' stopped");
    client.send("exit");
    CHECK(client.read_to_end().empty());
    TextClient other{manager.port()};
    other.send("Connection closed.");
    CHECK(other.read_to_end().empty());
}

TEST_CASE("what may be the beginning of a command waits for its newline", "[stage1][contract]") {
    hint("Without a newline only list, exit, quit, run NAME, stop NAME and the last words count.");
    RunningManager manager;
    const std::vector<std::string> texts = {"run ../x", "run a b", "foo", "list all", "run"};
    std::vector<TextClient> clients;
    for (const std::string& text : texts) {
        clients.emplace_back(manager.port());
        clients.back().send(text);
    }
    CHECK(clients[0].is_silent());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        INFO("the text was: " << texts[i]);
        CHECK(clients[i].is_silent(std::chrono::milliseconds{0}));
        clients[i].send("\n");
        CHECK_FALSE(clients[i].read_line().empty());
    }
}

TEST_CASE("a client without newlines that never reads has its commands executed",
          "[stage1][contract]") {
    hint("Execute such a command although nobody reads its reply; is SIGPIPE ignored?");
    RunningManager manager;
    {
        TextClient client{manager.port()};
        client.send("run a");
        manager.process().wait_for_output("Received data: run a\n");
        client.send("run b");
        manager.process().wait_for_output("Received data: run b\n");
    }
    CHECK(TextClient{manager.port()}.ask("list") ==
          "Available containers: ['a - created', 'b - created']");
}

TEST_CASE("the article's client can drive the manager", "[stage1]") {
    RunningManager manager;
    Process client{{built("tests/mistake"), "client-that-never-reads", "127.0.0.1",
                    std::to_string(manager.port())}};
    for (const std::string command : {"list", "run web", "stop web", "run db"}) {
        std::string typed = command;
        std::ranges::replace(typed, ' ', '\n');
        client.send(typed + "\n");
        manager.process().wait_for_output("Received data: " + command + "\n");
    }
    client.send("exit\n");
    CHECK(client.wait() == 0);
    CHECK(TextClient{manager.port()}.ask("list") ==
          "Available containers: ['web - stopped', 'db - created']");
}

TEST_CASE("after its first newline only lines of a client count", "[stage1][contract]") {
    hint("The quiet rule is over for a connection that has once sent a newline.");
    RunningManager manager;
    TextClient client{manager.port()};
    CHECK(client.ask("run a") == "Container 'a' created at '/tmp/a.txt'");
    client.send("stop a");
    TextClient other{manager.port()};
    other.send("list");  // which waits for quiet too, so that the first one's would be over
    CHECK(other.read_line() == "Available containers: ['a - created']");
    client.send("bc\n");
    CHECK(client.read_line() == "Container not found");
}

TEST_CASE("half a command at the end of a connection is not executed", "[stage1][contract]") {
    hint(
        "At the end of a connection only a whole command counts, and only without any newline "
        "before.");
    RunningManager manager;
    for (const std::string text : {"list\nrun half", "run"}) {
        TextClient client{manager.port()};
        client.send(text);
        client.end_sending();
        client.read_to_end();
    }
    CHECK(TextClient{manager.port()}.ask("list") == kEmptyList);
}

TEST_CASE("a client that ends its sending still gets its replies", "[stage1][contract]") {
    hint("The end of what a client sends (recv returns 0) is not the end of what it reads.");
    RunningManager manager;
    TextClient with_newline{manager.port()};
    with_newline.send("run a\nlist\n");
    with_newline.end_sending();
    CHECK(with_newline.read_to_end() ==
          "Container 'a' created at '/tmp/a.txt'\nAvailable containers: ['a - created']\n");
    TextClient without{manager.port()};
    without.send("list");
    without.end_sending();
    CHECK(without.read_to_end() == "Available containers: ['a - created']\n");
}

TEST_CASE("exit, quit and the client's last words end the connection and nothing more",
          "[stage1][contract]") {
    hint("These three end the connection: no reply, and no later line is executed.");
    RunningManager manager;
    for (const std::string words : {"exit", "quit", "Connection closed.", "exit now"}) {
        TextClient client{manager.port()};
        client.send("list\n" + words + "\nrun late\n");
        CHECK(client.read_to_end() == kEmptyList + "\n");
    }
    CHECK(TextClient{manager.port()}.ask("list") == kEmptyList);
}

TEST_CASE("a silent client delays nobody", "[stage1][contract]") {
    hint("Does accept or recv block? Wait for all sockets at once: poll(2), epoll(7), select(2).");
    RunningManager manager;
    TextClient silent{manager.port()};
    TextClient halfway{manager.port()};
    halfway.send("run ");
    for (int i = 0; i < 50; ++i) REQUIRE(TextClient{manager.port()}.ask("list") == kEmptyList);
    CHECK(silent.ask("list") == kEmptyList);
}

TEST_CASE("many clients at once each get their own replies", "[stage1][contract]") {
    hint("Wait for all sockets at once; and is the backlog of listen(2) more than 5?");
    RunningManager manager;
    std::vector<TextClient> clients;
    for (int i = 0; i < 200; ++i) clients.emplace_back(manager.port());
    for (int round = 0; round < 5; ++round) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            clients[i].send("run c" + std::to_string(i) + "\n");
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            const std::string name = "c" + std::to_string(i);
            REQUIRE(clients[i].read_line() ==
                    "Container '" + name + "' created at '/tmp/" + name + ".txt'");
        }
    }
}
