// How the manager ends, and what does not end it.
#include <signal.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/socket.hpp"
#include "stage1-tcp-manager/deadlines.hpp"
#include "tests/stage1/talk.hpp"

using std::chrono_literals::operator""ms;

static const std::string kEmptyList = "Available containers: []";

// Makes a manager have more to say to the client than the sockets hold.
static void leave_replies_unread(TextClient& client) {
    for (int i = 0; i < 200; ++i) client.ask("run container_number_" + std::to_string(i));
    std::string lists;
    for (int i = 0; i < 3000; ++i) lists += "list\n";
    client.send(lists);
}

static void wait_until_nobody_listens(std::uint16_t port) {
    wait_until(
        [&] {
            try {
                TextClient{port};
                return false;
            } catch (const SystemError&) {
                return true;
            }
        },
        "the manager to end its listening");
}

TEST_CASE("SIGTERM and SIGINT end the manager with 0 after the last replies",
          "[stage1][contract]") {
    hint("On SIGTERM and SIGINT stop listening, send what is answered, and exit with 0.");
    for (const int number : {SIGTERM, SIGINT}) {
        RunningManager manager;
        TextClient silent{manager.port()};
        TextClient client{manager.port()};
        CHECK(client.ask("run a") == "Container 'a' created at '/tmp/a.txt'");
        manager.process().signal(number);
        CHECK(manager.process().wait() == 0);
        CHECK(client.read_to_end().empty());
    }
}

TEST_CASE("what has arrived before the signal is answered in full", "[stage1][contract]") {
    hint("Read what the sockets hold already, answer it, let the clients read that; then exit.");
    RunningManager manager;
    TextClient client{manager.port()};
    client.ask("list");
    manager.process().signal(SIGSTOP);
    std::string commands;
    for (int i = 0; i < 5000; ++i) commands += "stop none\n";
    client.send(commands);
    manager.process().signal(SIGTERM);
    manager.process().signal(SIGCONT);
    const std::string replies = client.read_to_end();
    CHECK(replies.size() == 5000 * std::string{"Container not found\n"}.size());
    CHECK(manager.process().wait() == 0);
}

TEST_CASE("half a command is not executed because the manager ends", "[stage1]") {
    RunningManager manager;
    TextClient client{manager.port()};
    manager.process().wait_for_output("Connection from");
    manager.process().signal(SIGSTOP);
    client.send("run we");
    manager.process().signal(SIGTERM);
    manager.process().signal(SIGCONT);
    CHECK(manager.process().wait() == 0);
    CHECK(client.read_to_end().empty());
}

TEST_CASE("a client that does not read does not hold up the end for long",
          "[stage1][slow][contract]") {
    hint("Two seconds after the signal the manager has ended, whoever has not read his replies.");
    RunningManager manager;
    TextClient client{manager.port()};
    leave_replies_unread(client);
    manager.process().signal(SIGTERM);
    const auto began = Clock::now();
    CHECK(manager.process().wait() == 0);
    // It should take two seconds; the rest is for a machine that is busy.
    CHECK(Clock::now() < began + patient(10'000ms));
}

// False when we were so late with the second one, on a busy machine, that the manager may have
// ended by itself: then that says nothing.
static bool ends_at_second(int second) {
    RunningManager manager;
    TextClient client{manager.port()};
    leave_replies_unread(client);
    const auto began = Clock::now();
    manager.process().signal(SIGTERM);
    wait_until_nobody_listens(manager.port());  // the first one has been taken
    manager.process().signal(second);
    if (Clock::now() > began + 900ms) return false;
    CHECK(manager.process().wait() == 128 + second);
    return true;
}

TEST_CASE("the second signal ends the manager at once", "[stage1][contract]") {
    hint("A signal while you wait for those who have replies to read: exit code 128 + its number.");
    for (const int second : {SIGTERM, SIGINT}) {
        wait_until([&] { return ends_at_second(second); }, "a second signal within a second");
    }
}

TEST_CASE("a hangup ends the manager, and nohup saves it from that", "[stage1]") {
    RunningManager manager;
    manager.process().signal(SIGHUP);
    CHECK(manager.process().wait() == 128 + SIGHUP);

    RunningManager saved{{"nohup"}};
    TextClient client{saved.port()};
    saved.process().signal(SIGHUP);
    CHECK(client.ask("list") == kEmptyList);
    saved.process().signal(SIGTERM);
    CHECK(saved.process().wait() == 0);
}

TEST_CASE("a manager that is stopped and continued goes on", "[stage1]") {
    RunningManager manager;
    TextClient client{manager.port()};
    client.ask("list");
    manager.process().signal(SIGSTOP);
    client.send("list\n");
    TextClient late{manager.port()};
    late.send("list");
    manager.process().signal(SIGCONT);
    CHECK(client.read_line() == kEmptyList);
    CHECK(late.read_line() == kEmptyList);
}
