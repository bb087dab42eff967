// Commands that follow each other faster than their replies, and replies in pieces.
#include <poll.h>

#include "common/error.hpp"
#include "stage2-cli-client/conversation.hpp"
#include "tests/stage2/acted_manager.hpp"

static const std::string kEmptyList = "Available containers: []";

// What the client prints for a `list` on an empty table, up to the next prompt.
static const std::string kListShown =
    "[Client Packet Shipped: list]\n" + kEmptyList + "\n\n" + kPrompt;

static std::size_t count_of(const std::string& part, const std::string& text) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
    return count;
}

TEST_CASE("a reply may come in pieces, with and without a newline", "[stage2]") {
    for (const std::string end : {"\n", ""}) {
        ActedManager manager;
        Process client{client_command(manager.port(), {"list"})};
        TextClient connection = manager.accept();
        CHECK(connection.read_line() == "list");
        for (const std::string piece : {"Available cont", "ainers: ['a - crea", "ted']"}) {
            connection.send(piece);
            ::poll(nullptr, 0, 100);
        }
        connection.send(end);
        CHECK(client.wait() == 0);
        CHECK(client.out() == "Available containers: ['a - created']\n");
    }
}

TEST_CASE("a reply that comes in pieces is one reply, several in one piece are several",
          "[stage2][contract]") {
    hint("One recv is not one reply: once replies have ended in a newline, cut them at newlines.");
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.send("list\n");
    CHECK(connection.read_line() == "list");
    connection.send(kEmptyList + "\n");
    client.wait_for_output(kListShown);
    client.send("list\n");
    CHECK(connection.read_line() == "list");
    for (const std::string piece : {"Available cont", "ainers: ['a - crea", "ted']\n"}) {
        connection.send(piece);
        ::poll(nullptr, 0, 100);
    }
    client.wait_for_output("\nAvailable containers: ['a - created']\n\n" + kPrompt);
}

TEST_CASE("a reply without a newline keeps one command at a time", "[stage2][contract]") {
    hint("A daemon that sends no newlines takes one recv for one command: wait for each reply.");
    ArticleDaemon daemon;
    std::string input;
    std::vector<std::string> names;
    for (int i = 0; i < 20; ++i) {
        names.push_back(random_name());
        input += "run\n" + names.back() + "\n";
    }
    const Result result = run(client_command(daemon.port()), {.input = input});
    INFO(result);
    for (const std::string& name : names) {
        const std::string reply = "Container '" + name + "' created at '/tmp/" + name + ".txt'\n\n";
        CHECK(count_of("[Client Packet Shipped: run " + name + "]\n" + reply, result.out) == 1);
    }
}

TEST_CASE("the first command goes alone, and after a reply with a newline the others go ahead",
          "[stage2]") {
    ActedManager manager;
    std::string input;
    for (int i = 0; i < 1001; ++i) input += "list\n";
    Process client{client_in_shell(manager.port(), "< " + file_with(input))};
    TextClient connection = manager.accept();
    REQUIRE(connection.read_line() == "list");
    CHECK(connection.is_silent());
    connection.send(kEmptyList + "\n");
    for (int i = 0; i < 1000; ++i) REQUIRE(connection.read_line() == "list");
    std::string replies;
    for (int i = 0; i < 1000; ++i) replies += kEmptyList + "\n";
    connection.send(replies);
    wait_until([&] { return count_of(kListShown, client.out()) == 1001; }, "all replies shown");
    CHECK(connection.read_to_end() == "exit\n");
    connection.end_sending();
    CHECK(client.wait() == 0);
}

TEST_CASE("what is shown has the order of what was typed, however far ahead it was sent",
          "[stage2]") {
    RunningManager manager;
    std::string input, expected;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = "c" + std::to_string(i);
        input += "run\n" + name + "\nfoo\nrun\n\n";
        expected += kPrompt + kNamePrompt + "[Client Packet Shipped: run " + name +
                    "]\nContainer '" + name + "' created at '/tmp/" + name + ".txt'\n\n" + kPrompt +
                    "Unknown instruction token. Valid primitives: run, stop, list, exit.\n" +
                    kPrompt + kNamePrompt + "Container name required\n";
    }
    const Result result = run(client_command(manager.port()), {.input = input});
    const auto first_line = result.out.find('\n') + 1;
    CHECK(result.exit_code == 0);
    CHECK((result.out.substr(first_line) == expected + kPrompt + "\n"));
}

TEST_CASE("a hundred thousand commands from a pipe have a hundred thousand replies", "[stage2]") {
    RunningManager manager;
    std::string input;
    for (int i = 0; i < 100'000; ++i) input += "list\n";
    const Result result = run(client_command(manager.port()),
                              {.input = input, .deadline = std::chrono::seconds{150}});
    CHECK(result.exit_code == 0);
    CHECK(count_of(kListShown, result.out) == 100'000);
}

TEST_CASE("no more is sent ahead than the client can keep account of", "[stage2][slow]") {
    ActedManager manager;
    std::string input;
    for (std::size_t i = 0; i < 2 * kRepliesAwaitedMax; ++i) input += "list\n";
    Process client{client_in_shell(manager.port(), "< " + file_with(input)), patient()};
    TextClient connection = manager.accept();
    CHECK(connection.read_line() == "list");
    connection.send(kEmptyList + "\n");
    for (std::size_t i = 0; i < kRepliesAwaitedMax; ++i) REQUIRE(connection.read_line() == "list");
    CHECK(connection.is_silent());
    CHECK(client.wait() == 3);  // it gives up after ten seconds, and says goodbye to nobody
    CHECK(connection.read_to_end().empty());
}

TEST_CASE("replies that came before the manager went are shown", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port())};
    client.send("list\nlist\nlist\n");
    {
        TextClient connection = manager.accept();
        CHECK(connection.read_line() == "list");
        connection.send(kEmptyList + "\n");
        CHECK(connection.read_line() == "list");
        CHECK(connection.read_line() == "list");
        connection.send(kEmptyList + "\n");
        client.wait_for_output(kListShown + kListShown);
    }
    CHECK(client.wait() == 3);
    CHECK(count_of(kListShown, client.out()) == 2);
    CHECK(client.err().find("connection closed before the reply") != std::string::npos);
}
