// The exercises of chapter 2, for a program of the reader's (make exercise EX=2.3 PROGRAM=...).
#include <signal.h>

#include <chrono>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage2/acted_manager.hpp"

using Clock = std::chrono::steady_clock;

// Starts the client, plays the manager that answers its one command so, and returns how it ended.
static Result answered_with(const std::vector<std::string>& words, const std::string& reply) {
    ActedManager manager;
    Process client{client_command(manager.port(), words)};
    TextClient connection = manager.accept();
    connection.read_line();
    connection.send(reply);
    Result result;
    result.exit_code = client.wait();
    result.out = client.out();
    result.err = client.err();
    result.command_line = client.command_line();
    return result;
}

// --- 2.1 ----------------------------------------------------------------------------------------

TEST_CASE("exercise 2.1: the exit code tells done from refused", "[.][ex-2.1]") {
    hint("only the very words that the command asked for mean that it was done");
    const std::string name = random_name();
    const std::string run_reply = "Container '" + name + "' created at '/tmp/" + name + ".txt'\n";
    const std::string stop_reply = "Container '" + name + "' stopped\n";
    const std::string list_reply = "Available containers: ['" + name + " - created']\n";
    struct Talk {
        std::vector<std::string> words;
        std::string reply;
        int exit_code;
    };
    const std::vector<Talk> talks{{{"run", name}, run_reply, 0},
                                  {{"stop", name}, stop_reply, 0},
                                  {{"list"}, list_reply, 0},
                                  {{"list"}, "Available containers: []\n", 0},
                                  {{"stop", name}, "Container not found\n", 1},
                                  {{"list"}, "Unknown command list\n", 1},
                                  {{"run", name}, "Usage: run <container_name>\n", 1},
                                  {{"run", name}, "Invalid container name: too long\n", 1},
                                  {{"run", name}, "Too many containers: at most 7\n", 1}};
    for (const Talk& talk : talks) {
        const Result result = answered_with(talk.words, talk.reply);
        INFO(result);
        CHECK(result.exit_code == talk.exit_code);
        CHECK((talk.exit_code == 0 ? result.out : result.err).find(talk.reply) !=
              std::string::npos);
    }
}

TEST_CASE("exercise 2.1: what no manager says is neither done nor refused", "[.][ex-2.1]") {
    const std::string name = random_name();
    const std::string other = random_name();
    for (const std::string& reply :
         {std::string{"HTTP/1.1 400 Bad Request\n"}, std::string{"220 mail.example.org ESMTP\n"},
          "Container '" + other + "' created at '/tmp/x.txt'\n",
          "Container '" + name + "' stopped\n", std::string{"\n"}}) {
        const Result result = answered_with({"run", name}, reply);
        INFO(result);
        CHECK(result.exit_code == 3);
        CHECK(result.out.empty());
    }
}

// --- 2.2 ----------------------------------------------------------------------------------------

TEST_CASE("exercise 2.2: a manager that does not answer is given up in time", "[.][ex-2.2]") {
    hint("the deadline of a reply is a number in one place");
    ActedManager manager;
    const auto start = Clock::now();
    Process client{client_command(manager.port(), {"--timeout", "1", "list"})};
    TextClient connection = manager.accept();
    CHECK(connection.read_line() == "list");
    CHECK(client.wait() == 3);
    CHECK(Clock::now() - start >= std::chrono::milliseconds{950});
    CHECK(client.err().find("no reply within 1 second") != std::string::npos);
}

TEST_CASE("exercise 2.2: each piece of a reply is a sign of life", "[.][ex-2.2]") {
    ActedManager manager;
    Process client{client_command(manager.port(), {"--timeout", "2", "list"})};
    TextClient connection = manager.accept();
    CHECK(connection.read_line() == "list");
    connection.send("Available containers: [");
    CHECK(connection.is_silent());
    connection.send("]\n");
    CHECK(client.wait() == 0);
}

TEST_CASE("exercise 2.2: the limit is a number of seconds", "[.][ex-2.2]") {
    for (const std::string limit : {"0", "-1", "soon", ""}) {
        const Result result = run({program(2), "--timeout", limit, "list"});
        INFO(result);
        CHECK(result.exit_code == 2);
    }
}

// --- 2.3 ----------------------------------------------------------------------------------------

TEST_CASE("exercise 2.3: a reply may come byte by byte", "[.][ex-2.3]") {
    hint("what recv(2) returns is neither a line nor a reply: it is bytes");
    ActedManager manager;
    Process client{client_command(manager.port(), {"list"})};
    TextClient connection = manager.accept();
    CHECK(connection.read_line() == "list");
    const std::string reply = "Available containers: ['" + random_name() + " - created']";
    for (const char letter : reply + "\n") connection.send(std::string_view{&letter, 1});
    CHECK(client.wait() == 0);
    CHECK(client.out() == reply + "\n");
}

TEST_CASE("exercise 2.3: several replies may come in one piece", "[.][ex-2.3]") {
    hint("what follows the newline belongs to the next reply: keep it");
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    const auto list = [](const std::string& name) {
        return "Available containers: ['" + name + " - created']\n";
    };
    const std::string names[] = {random_name(), random_name(), random_name()};
    client.send("list\n");
    CHECK(connection.read_line() == "list");
    connection.send(list(names[0]));
    client.wait_for_output(names[0]);
    client.send("list\nlist\n");
    CHECK(connection.read_line() == "list");
    CHECK(connection.read_line() == "list");
    connection.send(list(names[1]) + list(names[2]));
    client.wait_for_output(names[2]);
    const std::string out = client.out();
    CHECK(out.find(list(names[1]) + "\n" + kPrompt) != std::string::npos);
    CHECK(out.find(list(names[2]) + "\n" + kPrompt) != std::string::npos);
}

TEST_CASE("exercise 2.3: what is typed may come in pieces too", "[.][ex-2.3]") {
    RunningManager manager;
    Process client{client_command(manager.port())};
    client.wait_for_output(kPrompt);
    for (const char letter : std::string{"run\nweb\nli"}) client.send(std::string_view{&letter, 1});
    client.wait_for_output("'/tmp/web.txt'");
    client.send("st\nexit\n");
    CHECK(client.wait() == 0);
    CHECK(client.out().find("['web - created']") != std::string::npos);
}

// --- 2.4 ----------------------------------------------------------------------------------------

static Result session(std::uint16_t port, const std::string& input) {
    return run(client_command(port, {"--stop-at-refusal"}), {.input = input});
}

TEST_CASE("exercise 2.4: after a refusal nothing more is sent", "[.][ex-2.4]") {
    hint("may the next command go before the reply to this one is there?");
    RunningManager manager;
    const std::string name = random_name(), never = random_name();
    const Result result =
        session(manager.port(), "list\nrun\n" + name + "\nstop\nnone\nrun\n" + never + "\n");
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.out.find("Container '" + name + "' created") != std::string::npos);
    CHECK(result.out.find("Container not found\n") != std::string::npos);
    CHECK(result.out.find(never) == std::string::npos);
    CHECK(TextClient{manager.port()}.ask("list") ==
          "Available containers: ['" + name + " - created']");
    CHECK(result.err.find("Container not found") != std::string::npos);
}

TEST_CASE("exercise 2.4: without a refusal, and without the option, all is as before",
          "[.][ex-2.4]") {
    RunningManager manager;
    const Result all_done = session(manager.port(), "run\nweb\nlist\nstop\nweb\nexit\n");
    INFO(all_done);
    CHECK(all_done.exit_code == 0);
    CHECK(all_done.out.find("Container 'web' stopped") != std::string::npos);
    const Result goes_on =
        run(client_command(manager.port()), {.input = "stop\nnone\nrun\nafter\nexit\n"});
    CHECK(goes_on.exit_code == 0);
    CHECK(goes_on.out.find("Container 'after' created") != std::string::npos);
}

TEST_CASE("exercise 2.4: the manager is told goodbye after a refusal too", "[.][ex-2.4]") {
    ActedManager manager;
    Process client{client_command(manager.port(), {"--stop-at-refusal"})};
    TextClient connection = manager.accept();
    client.send("list\nlist\n");
    CHECK(connection.read_line() == "list");
    connection.send("Unknown command list\n");
    CHECK(connection.read_to_end() == "exit\n");
    connection.end_sending();
    CHECK(client.wait() == 1);
}

// --- 2.5 ----------------------------------------------------------------------------------------

// How many connections were refused on this machine so far: AttemptFails of proc_net(5).
static long refused_connections() {
    std::istringstream lines{read_file("/proc/net/snmp")};
    std::string names, numbers;
    while (std::getline(lines, names) && !names.starts_with("Tcp:")) {
    }
    std::getline(lines, numbers);
    std::istringstream each_name{names}, each_number{numbers};
    std::string name, number;
    while (each_name >> name && each_number >> number) {
        if (name == "AttemptFails") return std::stol(number);
    }
    throw Failure{"/proc/net/snmp does not name AttemptFails"};
}

TEST_CASE("exercise 2.5: a manager that comes late is waited for", "[.][ex-2.5]") {
    hint("ECONNREFUSED: try again a little later, until the time is over");
    const HeldPort port;
    Process client{client_command(port.number(), {"--wait", "60", "list"})};
    const long before = refused_connections();
    wait_until([&] { return refused_connections() >= before + 2; }, "it tries again");
    CHECK(client.out().empty());
    CHECK(client.err().empty());
    Process manager{{program(1), "--port", port.text()}};
    CHECK(client.wait() == 0);
    CHECK(client.out() == "Available containers: []\n");
}

TEST_CASE("exercise 2.5: waiting has an end", "[.][ex-2.5]") {
    const HeldPort port;
    const auto start = Clock::now();
    const Result result = run(client_command(port.number(), {"--wait", "1", "list"}));
    INFO(result);
    const auto waited = Clock::now() - start;
    CHECK(result.exit_code == 3);
    CHECK(waited >= std::chrono::milliseconds{900});
    CHECK(result.err.find("Connection refused") != std::string::npos);
}

TEST_CASE("exercise 2.5: without the option nobody is waited for", "[.][ex-2.5]") {
    const HeldPort port;
    const Result result = run(client_command(port.number(), {"list"}));
    INFO(result);
    CHECK(result.exit_code == 3);
    CHECK(run({program(2), "--wait", "long", "list"}).exit_code == 2);
}
