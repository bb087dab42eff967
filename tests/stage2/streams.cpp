// The client's own side: keyboard, screen, signals.
#include <unistd.h>

#include "common/error.hpp"
#include "tests/stage2/acted_manager.hpp"
#include "tests/stage2/terminal.hpp"

static const std::string kEmptyList = "Available containers: []";

TEST_CASE("on leaving the client says exit and reads to the end", "[stage2][contract]") {
    hint(
        "Say exit, shut down the sending side (shutdown(2)), and read to the end before you "
        "close.");
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

TEST_CASE("Ctrl-C says goodbye too", "[stage2][contract]") {
    hint("SIGINT ends the client with 130, after it has said exit.");
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.wait_for_output(kPrompt);
    client.signal(SIGINT);
    CHECK(connection.read_to_end() == "exit\n");
    connection.end_sending();
    CHECK(client.wait() == 130);
}

TEST_CASE("the last line may lack its newline, and lines may have CR LF", "[stage2][contract]") {
    hint("Take the blanks off both ends of what is typed, and CR is one.");
    RunningManager manager;
    const Result result = run(client_command(manager.port()), {.input = " run \r\n web \r\nlist"});
    INFO(result);
    CHECK(result.out.find("Available containers: ['web - created']") != std::string::npos);
}

TEST_CASE("the end of standard input ends the client with 0", "[stage2][contract]") {
    hint("Ctrl-D or the end of a pipe is a way to leave, as exit is.");
    RunningManager manager;
    CHECK(run(client_command(manager.port())).exit_code == 0);
    const Result in_between = run(client_command(manager.port()), {.input = "list\nrun\n"});
    INFO(in_between);
    CHECK(in_between.exit_code == 0);
    CHECK(in_between.out.find("Available containers: []\n\n") != std::string::npos);
}

TEST_CASE("standard input may be closed or a device", "[stage2]") {
    RunningManager manager;
    for (const std::string from : {"< /dev/null", "<&-"}) {
        const Result result = run(client_in_shell(manager.port(), from));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out.ends_with(kPrompt + "\n"));
    }
}

TEST_CASE("with standard output closed nothing of it goes to the manager", "[stage2]") {
    ActedManager manager;
    Process client{client_in_shell(manager.port(), "<&- >&-")};
    TextClient connection = manager.accept();
    CHECK(connection.read_to_end() == "exit\n");
    connection.end_sending();
    CHECK(client.wait() == 0);
}

TEST_CASE("an error of the client's own output or input is told to both sides", "[stage2]") {
    ActedManager manager;
    for (const std::string stream : {"> /dev/full", "< /"}) {
        Process client{client_in_shell(manager.port(), stream)};
        TextClient connection = manager.accept();
        CHECK(connection.read_to_end() == "Connection closed.\n");
        connection.end_sending();
        CHECK(client.wait() == 1);
        CHECK(client.err().starts_with("stage2-cli-client: "));
    }
}

TEST_CASE("a reply that cannot be written is a failure of the one command too",
          "[stage2][contract]") {
    hint("Look at what write(2) returns, or flush and look at the stream's state: exit code 1.");
    RunningManager manager;
    const Result result = run({"sh", "-c", "exec \"$0\" --port \"$1\" list > /dev/full", program(2),
                               std::to_string(manager.port())});
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK_FALSE(result.err.empty());
}

TEST_CASE("the client's words are the same in every locale", "[stage2]") {
    RunningManager manager;
    RunOptions options{.input = "list\nrun\nTITLE_i\nexit\n"};
    const Result plain = run(client_command(manager.port()), options);
    TextClient{manager.port()}.ask("list");
    options.input = "exit\n";
    options.environment = {"LC_ALL=tr_TR.UTF-8", "LANG=tr_TR.UTF-8", "COLUMNS=1000000"};
    const Result turkish = run(client_command(manager.port()), options);
    INFO(plain);
    INFO(turkish);
    CHECK(plain.out.find("'TITLE_i' created") != std::string::npos);
    CHECK(turkish.out == plain.out.substr(0, turkish.out.size()));
}

TEST_CASE("a reader that has seen enough ends the client without noise", "[stage2]") {
    RunningManager manager;
    const Result result = run({"bash", "-c", "yes list | \"$0\" --port \"$1\" | head -1",
                               program(2), std::to_string(manager.port())});
    INFO(result);
    CHECK(result.err.empty());
}

TEST_CASE("Ctrl-C while a reply is waited for ends the client with 130", "[stage2][contract]") {
    hint("The wait for a reply must end at a signal too, also in `client list`.");
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{}, std::vector<std::string>{"list"}}) {
        ActedManager manager;
        Process client{client_command(manager.port(), words)};
        TextClient connection = manager.accept();
        client.send("list\n");
        CHECK(connection.read_line() == "list");
        client.signal(SIGINT);
        CHECK(connection.read_to_end() == "exit\n");
        connection.end_sending();
        CHECK(client.wait() == 130);
    }
}

TEST_CASE("a client that is stopped and continued goes on", "[stage2]") {
    RunningManager manager;
    Process client{client_command(manager.port())};
    client.wait_for_output(kPrompt);
    client.signal(SIGSTOP);
    client.send("list\n");
    client.signal(SIGCONT);
    client.wait_for_output(kEmptyList + "\n\n" + kPrompt);
    client.send("exit\n");
    CHECK(client.wait() == 0);
}

TEST_CASE("at a terminal Ctrl-D leaves, and Ctrl-C leaves with 130", "[stage2]") {
    RunningManager manager;
    const auto leaves_with = [&](const std::string& keys) {
        Terminal terminal{client_command(manager.port())};
        terminal.wait_for(kPrompt);
        terminal.type("list\n");
        terminal.wait_for(kEmptyList + "\r\n\r\n" + kPrompt);
        terminal.type(keys);
        const int exit_code = terminal.wait();
        CHECK(terminal.modes_are_as_before());
        return exit_code;
    };
    CHECK(leaves_with("\x04") == 0);
    CHECK(leaves_with("run\n\x04") == 0);
    CHECK(leaves_with("exi\x04t\n") == 0);  // in the middle of a line it only sends what is there
    CHECK(leaves_with("\x03") == 130);
    CHECK(leaves_with("run\nwe\x03") == 130);
}
