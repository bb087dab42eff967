// The checks of the bugs that are planted in stage 1 (make bug N=1.1 PROGRAM=...).
#include <poll.h>

#include "common/file.hpp"
#include "tests/stage1/talk.hpp"
#include "tests/support/busy.hpp"

TEST_CASE("bug 1.1: a manager whose clients are silent does nothing", "[.][bug-1.1]") {
    hint("strace -c -p PID for a second: which call does it make, and what does it answer?");
    RunningManager manager;
    TextClient client{manager.port()};
    client.ask("list");
    CHECK(is_idle(manager.process().pid()));
}

TEST_CASE("bug 1.2: a client that has gone is forgotten, whatever it said last", "[.][bug-1.2]") {
    hint("ls -l /proc/PID/fd, before and after");
    RunningManager manager;
    const std::string descriptors = "/proc/" + std::to_string(manager.process().pid()) + "/fd";
    TextClient witness{manager.port()};
    witness.ask("list");
    const std::size_t before = count_in(descriptors);
    for (const std::string last : {"list\n", "", "run", "hello"}) {
        TextClient client{manager.port()};
        client.send(last);
        client.end_sending();
        client.read_to_end();
    }
    witness.ask("list");
    wait_until([&] { return count_in(descriptors) == before; }, "as many descriptors as before");
}

TEST_CASE("bug 1.3: a log that nobody reads delays nobody", "[.][bug-1.3]") {
    hint("in which call does it stand? cat /proc/PID/syscall, or strace -p PID");
    RunningManager manager;
    TextClient client{manager.port()};
    const std::string word(4000, 'x');
    for (int i = 0; i < 40; ++i) CHECK(client.ask(word).starts_with("Unknown command"));
}
