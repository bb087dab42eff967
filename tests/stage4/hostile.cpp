// Roots that somebody filled with links to lead the mounts of a container onto the host's files.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"
#include "tests/support/leak_check.hpp"

// A tree of the host that nothing may touch.
class Canary {
public:
    Canary() : path_{temporary_directory()} {
        check(::mkdir((path_ + "/below").c_str(), 0755), "mkdir");
        write_file(path_ + "/file", "untouched\n");
        write_file(path_ + "/below/file", "untouched\n");
        before_ = look();
    }

    const std::string& path() const { return path_; }
    bool is_untouched() const { return look() == before_; }

private:
    std::string look() const {
        std::string text;
        for (const auto& mount : mounts_now()) text += mount + "\n";
        for (const auto& entry : std::filesystem::recursive_directory_iterator{path_}) {
            struct stat status {};
            check(::lstat(entry.path().c_str(), &status), "lstat");
            text += entry.path().string() + " " + std::to_string(status.st_mode) + " " +
                    std::to_string(status.st_ino) + " " + std::to_string(status.st_ctim.tv_nsec) +
                    (entry.is_regular_file() ? read_file(entry.path()) : "") + "\n";
        }
        return text;
    }

    std::string path_, before_;
};

static void link_in(const StageContainer& container, const std::string& name,
                    const std::string& target) {
    check(::symlink(target.c_str(), container.outside(name).c_str()), "symlink", name);
}

// A path from `from` up to / and then to `to`.
static std::string by_dots(const std::string& to) {
    return "../../../../../../../../../.." + to;
}

TEST_CASE("a root whose mount points are links is refused", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        for (const std::string place : {"proc", "sys", "dev", "tmp"}) {
            const Canary canary;
            for (const auto& target :
                 {canary.path(), by_dots(canary.path()), canary.path() + "/below",
                  std::string{"/no/such/directory"}, std::string{"/"}, std::string{".."}, place}) {
                const StageContainer container{stage};
                link_in(container, place, target);
                const Result result = run(container.probing({"pid"}));
                INFO(result);
                CHECK(result.exit_code == 125);
                CHECK(result.out.empty());
                CHECK(fault_of_message(result.err, container.name(),
                                       {"/" + place, "symbolic link"}) == "");
                CHECK(canary.is_untouched());
            }
        }
    }
    CHECK_FALSE(file_exists("/no/such"));
}

TEST_CASE("a root whose mount points are files is refused", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        for (const std::string place : {"proc", "sys", "dev", "tmp"}) {
            const StageContainer container{stage};
            write_file(container.outside(place), "");
            const Result result = run(container.probing({"pid"}));
            INFO(result);
            CHECK(result.exit_code == 125);
            CHECK(fault_of_message(result.err, container.name(),
                                   {"/" + place, "Not a directory"}) == "");
        }
    }
}

TEST_CASE("links below /dev are covered by a /dev of our own", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const Canary canary;
        const StageContainer container{stage};
        check(::mkdir(container.outside("dev").c_str(), 0755), "mkdir");
        for (const std::string name : {"pts", "shm", "mqueue", "null", "console", "fd"}) {
            link_in(container, "dev/" + name, canary.path() + "/file");
        }
        const Result result = run(container.probing({"write", "/dev/null", "x"}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(canary.is_untouched());
    }
}

TEST_CASE("a link in a bind's destination is followed inside the root and no further", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const std::string source = temporary_directory();
        write_file(source + "/mine", "mine\n");
        // The host has an /etc, and so has the root: it is the root's that the bind covers.
        for (const std::string target : {"/etc", "../../../../etc", "deep/../etc"}) {
            const StageContainer container{stage};
            link_in(container, "link", target);
            make_directories(container.outside("etc"));
            make_directories(container.outside("deep"));
            const Result result =
                run(container.probing({"cat", "/etc/mine"}, {"-v", source + ":/link"}));
            INFO(result);
            CHECK(result.out == "mine\n");
        }
    }
    CHECK_FALSE(file_exists("/etc/mine"));
}

TEST_CASE("a bind behind a dangling or circular link makes nothing outside", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const Canary canary;
        const std::string source = temporary_directory();
        for (const auto& target :
             {canary.path() + "/new", by_dots(canary.path()) + "/new", std::string{"link"}}) {
            for (const std::string destination : {"/link", "/link/deeper"}) {
                const StageContainer container{stage};
                link_in(container, "link", target);
                const Result result =
                    run(container.probing({"pid"}, {"-v", source + ":" + destination}));
                INFO(result);
                CHECK(result.exit_code == 125);
                CHECK(fault_of_message(result.err, container.name(), {"/link"}) == "");
                CHECK(canary.is_untouched());
            }
        }
    }
}

TEST_CASE("dots in a bind's destination end at the root", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const Canary canary;
        const std::string source = temporary_directory();
        write_file(source + "/mine", "mine\n");
        const StageContainer container{stage};
        const std::string name = random_name();
        const Result contained = run(
            container.probing({"cat", "/" + name + "/mine"}, {"-v", source + ":/../../" + name}));
        INFO(contained);
        CHECK(contained.out == "mine\n");
        const std::string outside = by_dots(canary.path()) + "/new";
        run(container.probing({"pid"}, {"-v", source + ":/" + outside}));
        run(container.probing({"pid"}, {"-v", source + ":/new/" + outside}));
        CHECK(canary.is_untouched());
    }
}

TEST_CASE("a link swapped during the start leads nowhere outside", "[stage4][slow]") {
    const Canary canary;
    for (const int stage : stages_with_roots()) {
        const StageContainer container{stage};
        const std::string place = container.outside("proc");
        check(::mkdir(place.c_str(), 0755), "mkdir");
        link_in(container, "evil", canary.path());
        const pid_t swapper = check(::fork(), "fork");
        while (swapper == 0) {
            const std::string evil = container.outside("evil");
            ::syscall(SYS_renameat2, AT_FDCWD, place.c_str(), AT_FDCWD, evil.c_str(),
                      RENAME_EXCHANGE);
        }
        const Child child{swapper};
        for (int i = 0; i < 200; ++i) {
            const Result result = run(container.probing({"pid"}));
            INFO(result);
            REQUIRE((result.exit_code == 0 || result.exit_code == 125));
            REQUIRE(canary.is_untouched());
        }
    }
}

TEST_CASE("rootfs fills a directory full of links and nothing outside of it", "[stage4]") {
    for (const std::string place : {"usr", "etc", "tmp", "bin", "lib64"}) {
        const Canary canary;
        const std::string root = temporary_directory();
        check(::symlink(canary.path().c_str(), (root + "/" + place).c_str()), "symlink");
        const Result refused = run({program(4), "rootfs", root});
        INFO(refused);
        CHECK(refused.exit_code == 125);
        CHECK(fault_of_message(refused.err, program_name(4), {"/" + place}) == "");
        CHECK(canary.is_untouched());
        if (place == "tmp") continue;  // it would lead to itself
        // What the link says exists inside as well: then it leads there.
        make_directories(root + canary.path());
        const Result result = run({program(4), "rootfs", root});
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(canary.is_untouched());
    }
}
