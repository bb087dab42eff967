// What a process in a container sees, and that the host sees nothing of it.
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <set>
#include <sstream>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

static const Words kKinds = {"pid", "net", "mnt", "uts", "ipc", "user", "cgroup", "time"};

static std::string host_name() {
    std::array<char, 256> name{};
    check(::gethostname(name.data(), name.size() - 1), "gethostname");
    return name.data();
}

static Words lines_of(const std::string& text) {
    std::istringstream stream{text};
    Words lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

static const StageContainer& stage3_container() {
    static const StageContainer container{3};
    return container;
}

// The kinds of namespaces that a container made with these options does not share with us.
static std::set<std::string> new_kinds(const Words& options) {
    std::set<std::string> differ;
    for (const auto& kind : kKinds) {
        const Result inside = run(stage3_container().probing({"ns", kind}, options));
        INFO(inside);
        REQUIRE(inside.exit_code == 0);
        REQUIRE(inside.out.starts_with(kind + ":["));
        if (inside.out != run({probe(), "ns", kind}).out) differ.insert(kind);
    }
    return differ;
}

// Without root nothing goes without a user namespace, and a root of its own (the later stages')
// needs a mount namespace.
static std::set<std::string> with_needed(std::set<std::string> kinds) {
    if (!is_root()) kinds.insert("user");
    if (stage3_container().has_root()) kinds.insert("mnt");
    return kinds;
}

// Empty if these kinds are new and no others, else what is wrong.
static std::string fault_of_new_kinds(const Words& options, const std::set<std::string>& expected) {
    std::string fault;
    const auto got = new_kinds(options);
    for (const auto& kind : kKinds) {
        if (got.contains(kind) == expected.contains(kind)) continue;
        fault += kind + (got.contains(kind) ? " is new and should not be; " : " should be new; ");
    }
    return fault;
}

// What most first programs do wrong, by how the first container ended.
static std::string likely_cause(const Result& result) {
    if (result.timed_out) {
        return "nobody has told the runner: is exit_signal SIGCHLD, does the child close its own "
               "end of the gate, the parent its own end of the report?";
    }
    return is_root() ? "start it, wait for it (waitpid finds it if exit_signal is SIGCHLD), and "
                       "leave with its exit code"
                     : "without root: CLONE_NEWUSER, and the parent writes setgroups, uid_map and "
                       "gid_map of the child, in this order";
}

TEST_CASE("a command is run, and its exit code is ours", "[stage3][contract][first]") {
    const Result result = run(StageContainer{3}.probing({"exit", "7"}));
    hint(likely_cause(result));
    INFO(result);
    CHECK(result.exit_code == 7);
}

TEST_CASE("the first process of a container sees itself as process 1", "[stage3][contract]") {
    hint("is CLONE_NEWPID set, and is the command the first process born after that?");
    for (const int stage : container_stages()) {
        const Result result = run(StageContainer{stage}.probing({"pid"}));
        INFO(result);
        CHECK(result.out == "1\n");
    }
}

TEST_CASE("a container sees its own processes and no others", "[stage3][contract]") {
    hint("has a new proc been mounted over /proc, by a process inside?");
    for (const int stage : container_stages()) {
        const Result result = run(StageContainer{stage}.probing({"ls", "/proc"}));
        INFO(result);
        Words numbers;
        for (const auto& name : lines_of(result.out)) {
            if (name.find_first_not_of("0123456789") == std::string::npos) numbers.push_back(name);
        }
        CHECK(numbers == Words{"1"});
    }
}

TEST_CASE("a container has the host name that it was given, the host keeps its own",
          "[stage3][contract]") {
    hint("is CLONE_NEWUTS set, and sethostname called by the child?");
    const std::string before = host_name();
    const std::string name = random_name();
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        CHECK(run(container.probing({"hostname"}, {"--hostname", name})).out == name + "\n");
        CHECK(run(container.probing({"hostname"})).out.starts_with("container"));
        // Inside anything may happen to it.
        CHECK(run(container.probing({"sethostname", "evil"})).exit_code == 0);
        CHECK(host_name() == before);
    }
}

TEST_CASE("without options all kinds of namespaces but user and time are new",
          "[stage3][contract]") {
    hint("which flags does clone get? The cgroup namespace comes later, by unshare");
    CHECK(fault_of_new_kinds({}, with_needed({"pid", "net", "mnt", "uts", "ipc", "cgroup"})) == "");
}

TEST_CASE("--only makes the kinds that it names and no others", "[stage3][contract]") {
    hint("CLONE_NEWTIME is a flag of clone3(2) and unshare(2), not of clone(2)");
    for (const auto& kind : kKinds) {
        INFO(kind);
        CHECK(fault_of_new_kinds(stage3_container().only(kind), with_needed({kind})) == "");
    }
    const auto kinds = with_needed({"pid", "mnt", "time"});
    CHECK(fault_of_new_kinds({"--only", "pid,mnt,time"}, kinds) == "");
    CHECK(fault_of_new_kinds({"--only", "net", "--only", "pid,mnt,time"}, kinds) == "");
}

TEST_CASE("--share keeps the host's namespaces of the kinds that it names", "[stage3][contract]") {
    hint("it takes kinds away from the default or from --only, wherever that stands");
    const auto kinds = with_needed({"pid", "mnt", "ipc", "cgroup"});
    CHECK(fault_of_new_kinds({"--share", "net,uts"}, kinds) == "");
    CHECK(fault_of_new_kinds({"--share", "net", "--share", "uts"}, kinds) == "");
    const auto two = with_needed({"pid", "mnt"});
    CHECK(fault_of_new_kinds({"--only", "pid,mnt,uts", "--share", "uts"}, two) == "");
    CHECK(fault_of_new_kinds({"--share", "uts", "--only", "pid,mnt,uts"}, two) == "");
}

TEST_CASE("--share user does without a user namespace, before --user as behind it",
          "[stage3][root]") {
    const Words only = stage3_container().only("uts");
    const auto kinds = with_needed({"uts"});
    CHECK(fault_of_new_kinds({only[0], only[1], "--share", "user", "--user"}, kinds) == "");
    CHECK(fault_of_new_kinds({"--user", only[0], only[1], "--share", "user"}, kinds) == "");
}

TEST_CASE("--user adds a user namespace, before --only as behind it", "[stage3][contract]") {
    hint("--only names the other kinds: it does not take --user back");
    need_user_namespaces();
    const Words only = stage3_container().only("uts");
    auto kinds = with_needed({"uts"});
    kinds.insert("user");
    CHECK(fault_of_new_kinds({only[0], only[1], "--user"}, kinds) == "");
    CHECK(fault_of_new_kinds({"--user", only[0], only[1]}, kinds) == "");
}

TEST_CASE("the later stages make the same kinds new", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const auto& kind : kKinds) {
            const Result inside = run(container.probing({"ns", kind}));
            const Result outside = run({probe(), "ns", kind});
            INFO(inside);
            REQUIRE(inside.exit_code == 0);
            const bool shared = kind == "time" || (kind == "user" && is_root());
            CHECK((inside.out == outside.out) == shared);
        }
    }
}

TEST_CASE("a container has a loopback interface alone, and it is up", "[stage3][contract]") {
    hint("a new network namespace has lo, but down: SIOCSIFFLAGS (netdevice(7))");
    for (const int stage : container_stages()) {
        const Result result = run(StageContainer{stage}.probing({"interfaces"}));
        INFO(result);
        CHECK(result.out == "lo up\n");
    }
}

TEST_CASE("the loopback address of a container answers", "[stage3]") {
    // Port 1 of an interface that is down: "Network is unreachable".
    const Result result =
        run(StageContainer{3}.command({"bash", "-c", "echo > /dev/tcp/127.0.0.1/1"}));
    INFO(result);
    CHECK(result.err.find("Connection refused") != std::string::npos);
}

TEST_CASE("with --share net a container has the host's interfaces", "[stage3][contract]") {
    hint("is CLONE_NEWNET left out?");
    const std::string here = run({probe(), "interfaces"}).out;
    for (const int stage : container_stages()) {
        const Result result =
            run(StageContainer{stage}.probing({"interfaces"}, {"--share", "net"}));
        INFO(result);
        CHECK(result.out == here);
    }
}

TEST_CASE("a container inherits descriptors 0, 1 and 2 and no other", "[stage3][contract]") {
    hint("close_range(3, ~0, CLOSE_RANGE_CLOEXEC) just before exec");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            Words command{"bash", "-c", "exec 50</etc/passwd; exec \"$@\"", "bash"};
            for (const auto& word : container.probing({"fds"}, options)) command.push_back(word);
            const Result result = run(command);
            INFO(result);
            CHECK(result.out == "0\n1\n2\n");
        }
    }
}

TEST_CASE("a standard stream that the caller closed is /dev/null inside", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const auto with_closed = [&](const std::string& closed, const Words& verb) {
            Words command{"bash", "-c", "exec " + closed + "; exec \"$@\"", "bash"};
            for (const auto& word : container.probing(verb)) command.push_back(word);
            return run(command);
        };
        CHECK(with_closed("0<&- 2>&-", {"fds"}).out == "0\n1\n2\n");
        CHECK(with_closed("0<&-", {"read"}).exit_code == 0);
        const Result no_output = with_closed("0<&- 1>&-", {"streams", "out", "error"});
        INFO(no_output);
        CHECK(no_output.exit_code == 0);
        CHECK(no_output.err == "error\n");
        CHECK(with_closed("0<&- 1>&- 2>&-", {"exit", "9"}).exit_code == 9);
    }
}

TEST_CASE("blocked and ignored signals of the caller are the container's no more",
          "[stage3][contract]") {
    hint("reset the mask and every disposition just before exec: both are inherited");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const Words& options : {Words{}, Words{"--init"}}) {
            Words command{"bash", "-c", "trap '' TERM INT PIPE CHLD USR2; exec \"$@\"", "bash"};
            for (const auto& word : container.probing({"signal-mask"}, options)) {
                command.push_back(word);
            }
            const Result result = run(command);
            INFO(result);
            CHECK(result.exit_code == 0);
            CHECK(result.out == "blocked:\nignored:\n");
        }
    }
}

TEST_CASE("mounts of a container stay in it, even where / is shared", "[stage3][contract][root]") {
    hint("MS_REC | MS_PRIVATE on / before the first mount");
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr), "make shared", "/");
    const std::string before = read_file("/proc/self/mountinfo");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        CHECK(run(container.probing({"pid"})).exit_code == 0);
        CHECK(run(container.probing({"pid"}, {"--init"})).exit_code == 0);
        CHECK(run(container.command({"/no/such/program"})).exit_code == 127);
        CHECK(read_file("/proc/self/mountinfo") == before);
    }
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make private", "/");
}

TEST_CASE("a program in a container mounts, and the host does not see it", "[stage3]") {
    const StageContainer container{3};
    const std::string directory = temporary_directory();
    const std::string script =
        "mount -t tmpfs tmpfs '" + directory + "' && touch '" + directory + "/file'";
    const Result result = run(container.command({"sh", "-c", script}));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(names_in(directory).empty());
}

TEST_CASE("the cgroup tree of a container begins at its own group", "[stage3][contract]") {
    hint("unshare(CLONE_NEWCGROUP) in the child: its group of that moment is the root");
    for (const int stage : container_stages()) {
        const Result result = run(StageContainer{stage}.probing({"cat", "/proc/self/cgroup"}));
        INFO(result);
        CHECK_FALSE(result.out.empty());
        for (const auto& line : lines_of(result.out)) CHECK(line.ends_with(":/"));
    }
}
