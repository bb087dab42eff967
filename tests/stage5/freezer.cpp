// A container that is paused, and one that is killed while it is.
#include "stage5-cgroups/freezer.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "tests/stage5/groups.hpp"

// A child in a group of its own that writes bytes to a pipe as long as it runs.
class Counting {
public:
    Counting() : cgroup_{random_name()} {
        const pid_t pid = cgroup_.fork_into(0);
        if (pid == 0) {
            cgroup_.join();
            while (::write(pipe_.write_end.get(), "x", 1) == 1) ::poll(nullptr, 0, 1);
            ::_exit(0);
        }
        child_ = Child{pid};
        pipe_.write_end.close();
    }

    const Words& directories() const { return cgroup_.directories(); }
    Child& child() { return child_; }
    Cgroup& cgroup() { return cgroup_; }

    // Takes what has been written and says whether more comes within this time.
    bool counts(int milliseconds) {
        char bytes[4096];
        pollfd readable{pipe_.read_end.get(), POLLIN, 0};
        while (::poll(&readable, 1, 0) > 0 && ::read(readable.fd, bytes, sizeof bytes) > 0) {
        }
        return ::poll(&readable, 1, milliseconds) > 0;
    }

private:
    Cgroup cgroup_;
    Pipe pipe_ = make_pipe();
    Child child_;
};

static constexpr int kLong = 30'000;  // milliseconds

TEST_CASE("a frozen group stands still, and goes on when it is thawed", "[stage5][root]") {
    need_limits();
    Counting counting;
    REQUIRE(counting.counts(kLong));
    REQUIRE(freeze_all_in(counting.directories()));
    CHECK_FALSE(counting.counts(100));
    thaw_all_in(counting.directories());
    CHECK(counting.counts(kLong));
    thaw_all_in(counting.directories());  // once more does no harm
    CHECK(counting.counts(kLong));
}

TEST_CASE("a frozen group can be killed and removed", "[stage5][root]") {
    need_limits();
    {
        Counting counting;
        REQUIRE(counting.counts(kLong));  // so it has joined all of its groups
        REQUIRE(freeze_all_in(counting.directories()));
        for (const auto& group : counting.directories()) kill_all_in(group);
        CHECK(counting.child().wait() == 137);
    }
    Counting counting;
    REQUIRE(counting.counts(kLong));
    REQUIRE(freeze_all_in(counting.directories()));
    CHECK(counting.cgroup().remove().empty());
    CHECK(counting.child().wait() == 137);
}

TEST_CASE("version 1's freezer freezes, and lets the killed die", "[stage5][root][v1][hybrid]") {
    for (const auto& one : find_hierarchies()) {
        if (!one.has("freezer") || ::access(one.own_group.c_str(), W_OK) != 0) continue;
        Cgroup cgroup{random_name(), {one}};
        const pid_t pid = cgroup.fork_into(0);
        if (pid == 0) {
            cgroup.join();
            while (true) ::pause();
        }
        Child child{pid};
        const Words groups = cgroup.directories();
        REQUIRE(groups.size() == 1);
        wait_until([&] { return !read_file(groups[0] + "/cgroup.procs").empty(); },
                   "it has joined");
        REQUIRE(freeze_all_in(groups));
        CHECK(read_file(groups[0] + "/freezer.state") == "FROZEN\n");
        kill_all_in(groups[0]);
        CHECK(child.wait() == 137);
        return;
    }
    skip("no freezer here that is ours");
}
