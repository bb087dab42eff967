// A log that cannot be written, or that nobody reads.
#include <unistd.h>

#include <optional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/socket.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage1/talk.hpp"

static const std::string kEmptyList = "Available containers: []";

// The same line so often, some of them ahead: to go there and back each time takes long where many
// want the processor.
static void ask_often(TextClient& client, const std::string& line, int times) {
    static constexpr int kAhead = 50;
    std::string lines;
    for (int i = 0; i < kAhead; ++i) lines += line + "\n";
    for (int sent = 0; sent < times; sent += kAhead) {
        client.send(lines);
        for (int i = 0; i < kAhead; ++i) REQUIRE_FALSE(client.read_line().empty());
    }
}

// More than the pipe to this test holds, which reads none of it.
TEST_CASE("a log that nobody reads delays nobody", "[stage1][contract]") {
    hint("Never wait in write(2) of the log: what finds no room is kept, and in the end lost.");
    RunningManager manager;
    TextClient client{manager.port()};
    const std::string word(4000, 'x');
    for (int i = 0; i < 40; ++i) REQUIRE(client.ask(word) == "Unknown command " + word);
}

TEST_CASE("a log whose reader has gone ends nobody", "[stage1][contract]") {
    hint("Writing to a pipe that nobody reads raises SIGPIPE and fails with EPIPE: go on.");
    // `head` takes the first line, and us to the port; then it is gone.
    const std::string place = temporary_directory() + "/first";
    Process manager{
        {"bash", "-c", "exec \"$0\" --port 0 > >(exec head -n 1 > \"$1\")", program(1), place}};
    std::string first;
    wait_until(
        [&] {
            if (file_exists(place)) first = read_file(place);
            return first.ends_with('\n');
        },
        "the first line of the log");
    first.pop_back();
    for (int i = 0; i < 10; ++i) {
        TextClient client{port_in(first)};
        for (int line = 0; line < 10; ++line) REQUIRE(client.ask("list") == kEmptyList);
    }
}

TEST_CASE("a log that cannot be written does not stop the service", "[stage1]") {
    // The port cannot be read from such a log: take a free one first.
    for (const std::string target : {">&-", "> /dev/full", "> >(true)"}) {
        INFO(target);
        const HeldPort port;
        Process manager{
            {"bash", "-c", "exec \"$0\" --port \"$1\" " + target, program(1), port.text()}};
        std::optional<TextClient> client;
        wait_until(
            [&] {
                try {
                    client.emplace(port.number());
                } catch (const SystemError&) {
                    return false;
                }
                return true;
            },
            "the manager to listen");
        for (int i = 0; i < 10; ++i) CHECK(client->ask("list") == kEmptyList);
    }
}

TEST_CASE("a log into a socket that nobody reads does not stop the service", "[stage1]") {
    // A socket cannot be opened a second time, to be written without waiting.
    const Fd unread = listen_tcp({"127.0.0.1", 0});
    const std::string place = "/dev/tcp/127.0.0.1/" + std::to_string(local_port(unread.get()));
    const HeldPort port;
    Process manager{
        {"bash", "-c", "exec \"$0\" --port \"$1\" > \"$2\"", program(1), port.text(), place}};
    manager.wait_for_error("controls the manager");
    TextClient client{port.number()};
    // More than the buffers of both ends take.
    ask_often(client, "run " + std::string(4000, 'a'), 4000);
    CHECK(client.ask("list") == kEmptyList);
}

TEST_CASE("a log that nobody reads does not stop the service", "[stage1]") {
    const Pipe unread = make_pipe();
    const HeldPort port;
    const std::string reader =
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(unread.write_end.get());
    Process manager{
        {"bash", "-c", "exec \"$0\" --port \"$1\" > \"$2\"", program(1), port.text(), reader}};
    manager.wait_for_error("controls the manager");
    TextClient client{port.number()};
    ask_often(client, "list", 10'000);
    CHECK(client.ask("list") == kEmptyList);
}
