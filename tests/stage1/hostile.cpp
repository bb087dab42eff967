// Clients that are greedy, wrong or gone.
#include <fcntl.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/socket.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage1/talk.hpp"

static const std::string kEmptyList = "Available containers: []";

TEST_CASE("a client that does not read its replies delays nobody and is not read from",
          "[stage1][contract]") {
    hint("Stop reading from a client whose replies wait; never block in send(2).");
    RunningManager manager;
    TextClient greedy{manager.port()};
    const std::string long_name(55, 'n');
    for (int i = 0; i < 400; ++i) greedy.ask("run " + long_name + std::to_string(i));
    std::string lists;
    for (int i = 0; i < 5000; ++i) lists += "list\n";
    std::size_t sent = 0;
    // The sockets' buffers and the manager's bound hold some 10 MiB of replies, of 28 KiB for each
    // 5 bytes; then the manager has to stop reading, and then we can send no more.
    const auto is_stuck = [&] {
        const std::size_t count = send_some(greedy.fd(), lists);
        sent += count;
        return count == 0 && sent > 0;
    };
    wait_until(
        [&] {
            if (!is_stuck()) return false;
            const std::string answer = TextClient{manager.port()}.ask("stop none");
            return answer == "Container not found" && is_stuck();
        },
        "a client that can send no more");
    CHECK(sent < 64u << 20);
    const std::string status =
        read_file("/proc/" + std::to_string(manager.process().pid()) + "/status");
    const auto resident = std::stol(status.substr(status.find("VmRSS:") + 6));
    INFO(status);
    CHECK(resident < 32 * 1024);  // KiB: sanitizers need room too
}

TEST_CASE("what a client sent ahead is answered in full when it reads at last",
          "[stage1][contract]") {
    hint("What send(2) did not take must be kept and sent when the socket is writable (EPOLLOUT).");
    RunningManager manager;
    TextClient client{manager.port()};
    for (int i = 0; i < 100; ++i) client.ask("run container_number_" + std::to_string(i));
    const std::string list = client.ask("list");
    std::string lists;
    for (int i = 0; i < 1000; ++i) lists += "list\n";
    client.send(lists);
    client.end_sending();
    const std::string replies = client.read_to_end();
    REQUIRE(replies.size() == 1000 * (list.size() + 1));
    CHECK(replies.ends_with(list + "\n"));
}

TEST_CASE("a client that vanishes while it is sent a long list harms nobody",
          "[stage1][contract]") {
    hint(
        "Sending to a client that has gone raises SIGPIPE (ignore it) and fails with EPIPE or "
        "ECONNRESET.");
    RunningManager manager;
    TextClient client{manager.port()};
    std::string runs;
    for (int i = 0; i < 10'000; ++i) runs += "run container_number_" + std::to_string(i) + "\n";
    client.send(runs);
    for (int i = 0; i < 10'000; ++i) {
        client.read_line();
        if (i % 500 == 0) manager.process().out();  // a log that blocks is another case's matter
    }
    for (int i = 0; i < 20; ++i) {
        TextClient vanishing{manager.port()};
        vanishing.send("list\nlist\nlist\n");
        vanishing.read_some();
        vanishing.reset();
    }
    CHECK(client.ask("stop none") == "Container not found");
    const std::string fds = "/proc/" + std::to_string(manager.process().pid()) + "/fd";
    wait_until([&] { return run({"ls", fds}).out.size() < 40; }, "the descriptors to be closed");
}

static const std::vector<std::string> kBadNames = {"../../etc/x", "-rf", std::string(65, 'n'),
                                                   "..",          "a/b", "a'b"};
// An escape sequence, a byte that is no UTF-8, a character of two bytes that terminals obey (CSI),
// one that turns the direction of writing, a lone CR.
static const std::vector<std::string> kUnsafeLines = {"run \x1b[31mred",
                                                      "\x1b]52;c;x\a",
                                                      "run \xff",
                                                      "f\xc2\x9b"
                                                      "2J",
                                                      "run \xe2\x80\xaex",
                                                      "run \xe2\x81\xa6y",
                                                      "run a\x7f",
                                                      "list \xc0\xaf",
                                                      "run a\rb"};

TEST_CASE("each bad line gets one line of reply, and changes nothing", "[stage1][contract]") {
    hint(
        "Each of these gets one line of reply, in any words, and nothing else happens. A name "
        "starts with a letter or digit of ASCII, goes on with these or _ . - and has at most 64.");
    RunningManager manager;
    TextClient client{manager.port()};
    for (const std::string& name : kBadNames) {
        INFO("the name was: " << name);
        CHECK_FALSE(client.ask("run " + name).starts_with("Container"));
        CHECK_FALSE(client.ask("stop " + name).starts_with("Container"));
    }
    CHECK(client.ask("run " + std::string(64, 'n')).starts_with("Container '"));
    CHECK(client.ask("run a b") == "Usage: run <container_name>");
    for (const std::string& line : kUnsafeLines) {
        INFO("the line was: " << printable(line));
        CHECK_FALSE(client.ask(line).starts_with("Container"));
    }
    CHECK(client.ask("list") == "Available containers: ['" + std::string(64, 'n') + " - created']");
}

TEST_CASE("control characters and invalid UTF-8 come back neither in replies nor in the log",
          "[stage1][contract]") {
    hint("Refuse such a line with one of your own, in which nothing of it is echoed as it was.");
    RunningManager manager;
    TextClient client{manager.port()};
    for (const std::string& line : kUnsafeLines) {
        const std::string reply = client.ask(line);
        CHECK(printable(reply) == reply);
    }
    client.send(std::string{"a\0b\n", 4});
    std::string words = client.read_to_end();
    std::erase(words, '\n');
    CHECK(printable(words) == words);
    TextClient{manager.port()}.ask("run last");
    manager.process().wait_for_output("run last\n");
    std::string log = manager.process().out();
    hint("Write \\xNN for each byte of what a terminal would obey: \\xe2\\x80\\xae for U+202E.");
    for (const std::string& line : kUnsafeLines) {
        const std::string logged = "Received data: " + printable(line) + "\n";
        INFO(logged);
        CHECK(log.find(logged) != std::string::npos);
    }
    std::erase(log, '\n');
    CHECK(printable(log) == log);
}

TEST_CASE("the refusals say what is wrong", "[stage1]") {
    RunningManager manager;
    TextClient client{manager.port()};
    for (const std::string& name : kBadNames) {
        CHECK(client.ask("run " + name).starts_with("Invalid container name"));
    }
    for (const std::string& line : kUnsafeLines) {
        CHECK(client.ask(line) == "Invalid line: it has control characters or is not UTF-8");
    }
    client.send(
        "f\xc2\x9b"
        "2J\n");
    manager.process().wait_for_output("Received data: f\\xc2\\x9b2J\n");
}

TEST_CASE("a line has at most 4096 bytes", "[stage1][contract]") {
    hint("4096 bytes without the newline are a line; with one more: one line of reply, and close.");
    RunningManager manager;
    TextClient longest{manager.port()};
    CHECK(longest.ask("list" + std::string(4092, ' ')) == kEmptyList);
    CHECK(longest.ask("list" + std::string(4092, ' ') + "\r") == kEmptyList);
    hint("After 4096 bytes a CR may be half of the line's end: wait for one byte more.");
    longest.send("list" + std::string(4092, ' ') + "\r");
    CHECK(longest.is_silent());
    longest.send("\n");
    CHECK(longest.read_line() == kEmptyList);
    hint("With one byte more: one line of reply, then the end of the stream, and no reset.");
    for (const std::string& text : {"list" + std::string(4093, ' ') + "\nrun late\n",
                                    std::string(4097, 'x'), std::string(1 << 20, 'x')}) {
        TextClient client{manager.port()};
        client.send(text);
        CHECK(client.read_line() != kEmptyList);
        CHECK(client.read_to_end().empty());
    }
    CHECK(longest.ask("list") == kEmptyList);
}

TEST_CASE("what a browser posts to the port is not executed", "[stage1][contract]") {
    hint(
        "A line that begins with an HTTP method or `Host:` ends the connection, unexecuted rest "
        "and all.");
    RunningManager manager;
    for (const std::string request :
         {"POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: text/plain\r\n\r\nrun evil\r\n",
          "Host: rebound.example\nrun evil\n", "GET /run\nrun evil\n",
          "\nsomething / HTTP/1.0\nrun evil\n"}) {
        TextClient browser{manager.port()};
        browser.send(request);
        browser.read_line();
        browser.send("run evil\n");  // the body in a segment of its own
        CHECK(browser.read_to_end().empty());
    }
    for (const std::string method :
         {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}) {
        TextClient browser{manager.port()};
        browser.send(method + " /\nrun evil\n");
        INFO("the method was: " << method);
        browser.read_line();
        CHECK(browser.read_to_end().empty());
    }
    TextClient client{manager.port()};
    CHECK(client.ask("list") == kEmptyList);
    CHECK(client.ask("get x") == "Unknown command get");
}

TEST_CASE("who is sent away gets the last reply and an end, not a reset", "[stage1][contract]") {
    hint(
        "close(2) while bytes of the client lie unread sends a reset, which overtakes the reply: "
        "shutdown(SHUT_WR), read to the client's end, then close.");
    RunningManager manager;
    const std::string behind(3 << 20, 'x');
    TextClient client{manager.port()};
    client.send("list\nexit\n" + behind);
    CHECK(client.read_to_end() == kEmptyList + "\n");
    TextClient refused{manager.port()};
    refused.send("GET /\n" + behind);
    const std::string reply = refused.read_to_end();
    CHECK(reply.find('\n') == reply.size() - 1);
}

TEST_CASE("who speaks another protocol is told so", "[stage1]") {
    RunningManager manager;
    TextClient browser{manager.port()};
    browser.send("GET / HTTP/1.1\r\n\r\n");
    CHECK(browser.read_to_end() == "This is not an HTTP server\n");
    TextClient with_tls{manager.port()};
    with_tls.send({"\x16\x03\x01\x02\0\x01\0\x01\xfc\nrun evil\n", 19});
    CHECK(with_tls.read_to_end() == "This is not text\n");
    TextClient too_long{manager.port()};
    too_long.send(std::string(4097, 'x'));
    CHECK(too_long.read_to_end() == "Line too long: at most 4096 bytes\n");
    CHECK(TextClient{manager.port()}.ask("list") == kEmptyList);
}

TEST_CASE("clients that are gone before they are accepted harm nobody", "[stage1][contract]") {
    hint("accept(2) may fail for one client (ECONNABORTED), or return one that has gone already.");
    RunningManager manager;
    TextClient client{manager.port()};
    client.ask("list");
    manager.process().signal(SIGSTOP);
    for (int i = 0; i < 100; ++i) TextClient{manager.port()}.reset();
    manager.process().signal(SIGCONT);
    CHECK(client.ask("list") == kEmptyList);
    CHECK(TextClient{manager.port()}.ask("list") == kEmptyList);
}

TEST_CASE("ten megabytes of noise end one connection and nothing else", "[stage1][contract]") {
    hint("Bytes that are no text must not end the manager.");
    RunningManager manager;
    Fd random{check(::open("/dev/urandom", O_RDONLY | O_CLOEXEC), "open", "/dev/urandom")};
    std::string noise(1 << 20, '\0');
    check(::read(random.get(), noise.data(), noise.size()), "read", "/dev/urandom");
    TextClient client{manager.port()};
    try {
        for (int i = 0; i < 10; ++i) client.send(noise);
        client.read_to_end();
    } catch (const SystemError&) {  // closed before the last of it
    }
    CHECK(TextClient{manager.port()}.ask("list") == kEmptyList);
}
