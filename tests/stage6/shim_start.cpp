// How a start fails, and what a container that has started finds.
#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage3/container.hpp"
#include "tests/stage6/shim_harness.hpp"

struct FailedStart {
    StartFailure failure;
    std::string error;
};

static FailedStart failed_start(const Spec& spec) {
    ShimOfTest shim;
    const ShimOutcome outcome = shim.start(spec);
    shim.reap();
    CHECK_FALSE(shim.directory().has("started.1.json"));
    CHECK_FALSE(shim.directory().has("exit.1.json"));
    CHECK_FALSE(shim.directory().has("exit.1.tmp"));
    CHECK_FALSE(shim.directory().has(kSocketFile));
    for (const auto& group : shim.cgroups()) CHECK_FALSE(file_exists(group));
    return {outcome.failure, outcome.error};
}

TEST_CASE("a program that cannot be executed is told in runc's words", "[stage6]") {
    const std::string file = temporary_directory() + "/file";
    make_file(file, "text", 0644);
    struct Row {
        std::string program;
        StartFailure failure;
        std::string error;
    };
    for (const Row& row :
         {Row{"nosuch", StartFailure::not_found, "executable file not found in $PATH"},
          Row{"/no/such", StartFailure::not_found, "stat /no/such: no such file or directory"},
          Row{"/etc", StartFailure::not_executable, "is a directory"},
          Row{file, StartFailure::not_executable, "permission denied"}}) {
        const FailedStart failed = failed_start(plain_spec({row.program}));
        CHECK(failed.failure == row.failure);
        CHECK(failed.error == "exec: \"" + row.program + "\": " + row.error);
    }
}

TEST_CASE("a container's program that is nowhere in its root is not found", "[stage6]") {
    Spec spec = container_spec({});
    spec.process.args = {"/bin/true"};
    const FailedStart failed = failed_start(spec);
    CHECK(failed.failure == StartFailure::not_found);
    CHECK(failed.error == "exec: \"/bin/true\": stat /bin/true: no such file or directory");
}

TEST_CASE("a limit that cannot be set is the asker's mistake", "[stage6]") {
    Spec spec = plain_spec({"true"});
    spec.limits.pids = 5;
    const FailedStart failed = failed_start(spec);
    CHECK(failed.failure == StartFailure::invalid);
    CHECK(failed.error == "limits need a control group, and this container has none");
}

TEST_CASE("a root that is not there fails the start", "[stage6]") {
    Spec spec = container_spec({"exit", "0"});
    spec.root_path = "/no/such/root";
    const FailedStart failed = failed_start(spec);
    CHECK(failed.failure == StartFailure::engine);
    CHECK(failed.error.find("/no/such/root") != std::string::npos);
}

TEST_CASE("a container sees itself as process 1, with its own name, in its directory", "[stage6]") {
    for (const auto& [verb, expected] : {std::pair<std::string, std::string>{"pid", "1\n"},
                                         {"hostname", "box\n"},
                                         {"cwd", "/a/b\n"},
                                         {"fds", "0\n1\n2\n"},
                                         {"interfaces", "lo up\n"},
                                         {"uid", "0 0\n"},
                                         {"signal-mask", "blocked:\nignored:\n"}}) {
        ShimOfTest shim;
        Spec spec = container_spec({verb});
        spec.process.cwd = "/a/b";  // made, as docker makes it
        shim.run(spec);
        CHECK(shim.wait().code == 0);
        INFO(verb);
        CHECK(shim.logged() == expected);
    }
}

TEST_CASE("a container's environment is the spec's and nothing else", "[stage6]") {
    ShimOfTest shim;
    Spec spec = container_spec({"env"});
    spec.process.env = {"A=1", "B=two words"};
    shim.run(spec);
    shim.wait();
    CHECK(shim.logged() == "A=1\nB=two words\n");
}

TEST_CASE("a container's root is an overlay, and the layer below is never written to", "[stage6]") {
    ShimOfTest shim;
    const Spec spec = container_spec({"write", "/probe", "overwritten"});
    const std::string before = read_file(spec.root_path + "/probe", 64u << 20);
    Spec other = spec;
    other.process.args = {"/probe", "write", "/new", "text"};
    shim.run(other);
    CHECK(shim.wait().code == 0);
    CHECK_FALSE(file_exists(spec.root_path + "/new"));
    CHECK(read_file(shim.path() + "/upper/new") == "text\n");
    CHECK(read_file(spec.root_path + "/probe", 64u << 20) == before);
}

TEST_CASE("a read-only root cannot be written to", "[stage6]") {
    ShimOfTest shim;
    Spec spec = container_spec({"touch", "/file"});
    spec.root_is_read_only = true;
    shim.run(spec);
    CHECK(shim.wait().code == 1);
    CHECK(shim.logged().find("Read-only file system") != std::string::npos);
}

TEST_CASE("a directory of the host is bound where the spec says", "[stage6]") {
    const std::string place = temporary_directory();
    make_file(place + "/file", "from the host\n", 0644);
    ShimOfTest shim;
    Spec spec = container_spec({"cat", "/data/file"});
    spec.mounts = {{"/data", "bind", place, {"ro"}}};
    shim.run(spec);
    CHECK(shim.wait().code == 0);
    CHECK(shim.logged() == "from the host\n");
}

TEST_CASE("what the shim is protected from, the container is not", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({probe(), "cat", "/proc/self/oom_score_adj"}));
    shim.wait();
    const std::string own = read_file("/proc/self/oom_score_adj");
    CHECK((shim.logged() == "0\n" || shim.logged() == own));
}

TEST_CASE("a container runs as the user that the spec names, and dies with its shim",
          "[stage6][root]") {
    ShimOfTest shim;
    Spec spec = container_spec({"uid"});
    spec.process.user = {1234, 5678, {}};
    shim.run(spec);
    CHECK(shim.wait().code == 0);
    CHECK(shim.logged() == "1234 5678\n");

    spec.process.args = {"/probe", "sleep"};
    shim.run(spec);
    const auto record = read_started(shim.directory(), 2);
    ::kill(shim.pid(), SIGKILL);
    shim.reap();
    wait_until([&] { return !open_process(record->container, record->boot); },
               "the container is dead");
}

TEST_CASE("with an init the command is its child, and its code the container's", "[stage6]") {
    ShimOfTest shim;
    Spec spec = container_spec({"pid"});
    spec.init = true;
    shim.run(spec);
    CHECK(shim.wait().code == 0);
    CHECK(shim.logged() == "2\n");
    spec.process.args = {"/nosuch"};
    const FailedStart failed = failed_start(spec);
    CHECK(failed.failure == StartFailure::not_found);
}

TEST_CASE("a resource limit of the spec holds for the container", "[stage6]") {
    ShimOfTest shim;
    Spec spec = plain_spec({"sh", "-c", "ulimit -Sn; ulimit -Hn"});
    spec.process.rlimits = {{"RLIMIT_NOFILE", 33, 44}};
    shim.run(spec);
    CHECK(shim.wait().code == 0);
    CHECK(shim.logged() == "33\n44\n");
    spec.process.rlimits = {{"RLIMIT_MOON", 1, 1}};
    CHECK(failed_start(spec).error == "no resource limit is called RLIMIT_MOON");
}

TEST_CASE("a damaged config.json fails the start and names it", "[stage6]") {
    ShimOfTest shim;
    Spec spec = plain_spec({"true"});
    spec.process.args.clear();
    const ShimOutcome outcome = shim.start(spec);
    shim.reap();
    CHECK(outcome.failure == StartFailure::engine);
    CHECK(outcome.error ==
          "corrupt state: config.json: field spec.process.args: expected a command");
}
