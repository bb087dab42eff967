// What a container may use.
#include "stage5-cgroups/limits.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.hpp"
#include "tests/stage5/groups.hpp"

static const Words kMemoryFiles = {"memory.max", "memory.limit_in_bytes"};
static const Words kCpuFiles = {"cpu.max", "cpu.cfs_quota_us"};
static const Words kPidsFiles = {"pids.max"};

// A container of stage 5 that sleeps, and its name.
class Sleeper {
public:
    explicit Sleeper(const Words& options)
        : runner_{container_.command({"/probe", "sleep"}, options)} {
        runner_.wait_for_output("ready");
        const pid_t first = first_process_of(runner_.pid());
        const Result result = run(
            {"nsenter", "--uts=/proc/" + std::to_string(first) + "/ns/uts", probe(), "hostname"});
        id_ = id_of(result.out);
    }

    std::string limit(const Words& files) const { return limit_of(id_, files); }
    const std::string& id() const { return id_; }

    void end() {
        runner_.signal(SIGTERM);
        CHECK(runner_.wait() == 143);
        CHECK(groups_of(id_).empty());
    }

private:
    Container container_{5};
    Process runner_;
    std::string id_;
};

TEST_CASE("without options a container may use 512 MiB and one CPU", "[stage5][root]") {
    need_limits();
    Sleeper sleeper{{}};
    CHECK(sleeper.limit(kMemoryFiles) == "536870912");
    CHECK(sleeper.limit(kCpuFiles).starts_with("100000"));
    CHECK((sleeper.limit(kPidsFiles) == "max" || sleeper.limit(kPidsFiles) == "no such file"));
    sleeper.end();
}

TEST_CASE("limits are what was asked for, in the kernel's own files", "[stage5][root]") {
    need_limits();
    const unsigned mebibytes = 16 + random_number(1000);
    const unsigned pids = 2 + random_number(1000);
    Sleeper sleeper{
        {"--memory", std::to_string(mebibytes), "--cpu", "512", "--pids", std::to_string(pids)}};
    CHECK(sleeper.limit(kMemoryFiles) == std::to_string(mebibytes * 1048576ull));
    CHECK(sleeper.limit(kCpuFiles).starts_with("50000"));
    CHECK(sleeper.limit(kPidsFiles) == std::to_string(pids));
    sleeper.end();
}

TEST_CASE("the smallest and the largest share of a CPU are taken", "[stage5][root]") {
    need_limits();
    const std::pair<std::string, std::string> cases[] = {
        {"1", "1000"}, {"2048", "200000"}, {"1048576", "102400000"}};
    for (const auto& [cpu, quota] : cases) {
        Sleeper sleeper{{"--cpu", cpu}};
        CHECK(sleeper.limit(kCpuFiles).starts_with(quota));
        sleeper.end();
    }
}

TEST_CASE("a limit of 0 is none", "[stage5][root]") {
    need_limits();
    const Container container{5};
    const Result result = run({program(5), "run", "--memory", "0", "--cpu", "0", "--pids", "0",
                               container.outside(""), "/probe", "cat", "/proc/self/cgroup"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.err.find("Created cgroup") == std::string::npos);
    CHECK(result.err.find("Resource limits") == std::string::npos);
}

TEST_CASE("a command that uses more memory than it may is killed", "[stage5][root]") {
    need_limits();
    const Container container{5};
    const Result within = run(container.probing({"eat", "20"}, {"--memory", "64"}));
    INFO(within);
    CHECK(within.out == "ate 20\n");
    const Result beyond = run(container.probing({"eat", "200"}, {"--memory", "64"}));
    INFO(beyond);
    CHECK(beyond.exit_code == 137);
    CHECK(beyond.out.empty());
    CHECK(beyond.err.empty());
}

TEST_CASE("a container makes as many processes as it may", "[stage5][root]") {
    need_limits();
    const Container container{5};
    CHECK(run(container.probing({"forks", "50"}, {"--pids", "10"})).out ==
          "9 Resource temporarily unavailable\n");
    CHECK(run(container.probing({"forks", "50"})).out == "50 ok\n");
}

TEST_CASE("a quarter of a CPU is a quarter of its time", "[stage5][root]") {
    need_limits();
    const Result result = run(Container{5}.probing({"burn", "500"}, {"--cpu", "256"}));
    INFO(result);
    REQUIRE(result.out.starts_with("ready\n"));
    CHECK(std::stoi(result.out.substr(6)) < 250);  // of 500 ms it had about 125
}

TEST_CASE("the limits can be read inside, and not be changed", "[stage5][root]") {
    need_limits();
    const Container container{5};
    const Words options{"--memory", "64", "--pids", "20"};
    Words places;  // of version 2 and of version 1
    for (const std::string place :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        const Result result = run(container.probing({"cat", place}, options));
        if (result.exit_code != 0) continue;
        CHECK(result.out == "67108864\n");
        places.push_back(place);
    }
    REQUIRE(places.size() == 1);
    const Result write = run(container.probing({"write", places[0], "1000000000"}, options));
    INFO(write);
    CHECK(write.exit_code == 1);
    CHECK(write.err.find("Read-only file system") != std::string::npos);
}

TEST_CASE("sizes are numbers of MiB, or say their unit", "[stage5]") {
    CHECK(parse_memory("64") == 64u << 20);
    CHECK(parse_memory("0") == 0);
    CHECK(parse_memory("64m") == 64u << 20);
    CHECK(parse_memory("64M") == 64u << 20);
    CHECK(parse_memory("1g") == 1u << 30);
    CHECK(parse_memory("1.5G") == 3u << 29);
    CHECK(parse_memory("8192k") == 8u << 20);
    CHECK(parse_memory("10000000b") == 10000000);
    CHECK(parse_memory("6m") == 6u << 20);
    CHECK(parse_memory("1000g") == 1000ull << 30);
}

TEST_CASE("what is no size is refused, and so is one that nothing could run in", "[stage5]") {
    for (const std::string bad : {"",
                                  "m",
                                  "x",
                                  "-1",
                                  "-5m",
                                  "+5",
                                  "1x",
                                  "10m ",
                                  " 10",
                                  "1.5.2",
                                  "1e3",
                                  "0x10",
                                  "10mb",
                                  "9223372036854775807",
                                  "99999999999999999999g",
                                  "nan",
                                  "inf",
                                  "nank",
                                  "infinity",
                                  "1,5",
                                  "1b",
                                  "5.9m",
                                  "0.001",
                                  "6291455b"}) {
        INFO(bad);
        CHECK_THROWS_AS(parse_memory(bad), UsageError);
    }
}

TEST_CASE("bad limits get one line that names them", "[stage5]") {
    const std::pair<Words, std::string> cases[] = {{{"--memory", "lots"}, "--memory lots"},
                                                   {{"--memory", "1b"}, "--memory 1b"},
                                                   {{"--memory", "-1"}, "--memory -1"},
                                                   {{"--cpu", "1.5"}, "--cpu 1.5"},
                                                   {{"--cpu", "-1"}, "--cpu -1"},
                                                   {{"--cpu", "1048577"}, "--cpu 1048577"},
                                                   {{"--pids", "x"}, "--pids x"},
                                                   {{"--pids", "-1"}, "--pids -1"},
                                                   {{"--pids", "4194305"}, "--pids 4194305"}};
    for (const auto& [options, text] : cases) {
        Words command{program(5), "run"};
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), {"host", "true"});
        const Result result = run(command);
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_message(result.err, program_name(5), {text}) == "");
    }
}

TEST_CASE("sizes are told in the article's words", "[stage5]") {
    CHECK(memory_text(512u << 20) == "512MB");
    CHECK(memory_text(1000u << 10) == "1000KB");
    CHECK(memory_text(1000001) == "1000001B");
}

// As nobody, or as whoever we are, in a group that is not ours to write to.
static Result run_without_rights(const Container& container, const Words& options) {
    if (is_root()) check(::chown(container.outside("").c_str(), 65534, 65534), "chown", "root");
    Words command{program(5), "run"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {container.outside(""), "/probe", "exit", "7"});
    return run(as_ordinary_user(command));
}

static void need_no_delegation() {
    if (is_root()) return need_user_namespaces();
    for (const auto& one : find_hierarchies()) {
        if (::access(one.own_group.c_str(), W_OK) == 0) skip("this user has a group of its own");
    }
}

TEST_CASE("a limit that was asked for and cannot be set is an error", "[stage5]") {
    need_no_delegation();
    const Container container{5};
    for (const Words& options : {Words{"--memory", "64"}, Words{"--cpu", "512"},
                                 Words{"--pids", "10"}, Words{"--quiet", "--memory", "64"}}) {
        Words all = options;
        if (all[0] != "--quiet") all.insert(all.begin(), "--quiet");
        const Result result = run_without_rights(container, all);
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_message(result.err, program_name(5), {"limits need root", "Delegate=yes"}) ==
              "");
    }
}

TEST_CASE("defaults that cannot be set are left out, and said", "[stage5]") {
    need_no_delegation();
    const Container container{5};
    const Result result = run_without_rights(container, {});
    INFO(result);
    CHECK(result.exit_code == 7);
    CHECK(result.err.find("Warning: Could not set cgroup limits: ") != std::string::npos);
    CHECK(result.err.find("limits need root") != std::string::npos);
    CHECK(result.err.find("\nContinuing without resource limits...\n") != std::string::npos);
    CHECK(result.err.find("Resource limits:") == std::string::npos);
    const Result quiet = run_without_rights(container, {"--quiet"});
    CHECK(quiet.exit_code == 7);
    CHECK(quiet.err.empty());
}

TEST_CASE("without any cgroup tree defaults are left out and limits an error", "[stage5][root]") {
    const Container container{5};
    const auto without_tree = [&](const Words& options) {
        Words command{"unshare",
                      "--mount",
                      "sh",
                      "-c",
                      "umount --recursive --lazy /sys/fs/cgroup; exec \"$@\"",
                      "sh",
                      program(5),
                      "run"};
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), {container.outside(""), "/probe", "exit", "7"});
        return run(command);
    };
    const Result defaults = without_tree({});
    INFO(defaults);
    CHECK(defaults.exit_code == 7);
    CHECK(defaults.err.find("no memory controller") != std::string::npos);
    const Result asked = without_tree({"--quiet", "--pids", "10"});
    INFO(asked);
    CHECK(asked.exit_code == 125);
    CHECK(fault_of_message(asked.err, program_name(5), {"limit pids", "no pids controller"}) == "");
}
