// Attempts to get out of a container, or at the machine around it. Each fails; and each goes well
// when its one defence is switched off, so that no case passes for another reason.
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <unistd.h>

#include <filesystem>
#include <set>

#include "common/file.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "tests/stage6/isolation_scene.hpp"

static Json words(const std::vector<std::string>& list) {
    return Json::array(list);
}

static BodyChange with_capability(const std::string& name) {
    return host_config("CapAdd", words({name}));
}

static BodyChange without_filter() {
    return host_config("SecurityOpt", words({"seccomp=unconfined"}));
}

// A system call with these arguments says EPERM inside. Without its defence the kernel gets to look
// at the arguments, which are nonsense on purpose: it says anything else.
static void check_call(long number, const std::vector<long>& arguments,
                       const BodyChange& defence_off) {
    IsolationScene scene;
    std::vector<std::string> call = {"call", std::to_string(number)};
    for (const long argument : arguments) call.push_back(std::to_string(argument));
    CHECK(scene.probe_says(call) == "EPERM");
    const std::string undefended = scene.probe_says(call, defence_off);
    INFO(undefended);
    CHECK(undefended != "EPERM");
    CHECK(undefended.find("exit") == std::string::npos);
}

TEST_CASE("escape: a file system cannot be mounted", "[stage6][isolation][escape][root]") {
    check_call(SYS_mount, {0, 0, 0, 0, 0}, with_capability("SYS_ADMIN"));
}

TEST_CASE("escape: the newer calls for mounts are closed too",
          "[stage6][isolation][escape][root]") {
    check_call(SYS_fsopen, {0, 0}, with_capability("SYS_ADMIN"));
    check_call(SYS_open_tree, {-100, 0, 1}, with_capability("SYS_ADMIN"));
    check_call(SYS_move_mount, {-1, 0, -1, 0, 0}, with_capability("SYS_ADMIN"));
}

TEST_CASE("escape: no user namespace, in which root could do anything",
          "[stage6][isolation][escape][root]") {
    check_call(SYS_unshare, {CLONE_NEWUSER}, without_filter());
    check_call(SYS_clone, {CLONE_NEWUSER | 17, 0, 0, 0, 0}, without_filter());
}

TEST_CASE("escape: no other namespace either", "[stage6][isolation][escape][root]") {
    for (const long kind : {long{CLONE_NEWNS}, long{CLONE_NEWNET}, long{CLONE_NEWPID}}) {
        check_call(SYS_unshare, {kind}, with_capability("SYS_ADMIN"));
    }
    check_call(SYS_setns, {-1, 0}, with_capability("SYS_ADMIN"));
}

TEST_CASE("escape: a file of the host's disk cannot be opened by its handle",
          "[stage6][isolation][escape][root]") {
    check_call(SYS_open_by_handle_at, {-1, 0, 0}, with_capability("DAC_READ_SEARCH"));
}

TEST_CASE("escape: keys, rings and other doors into the kernel are closed",
          "[stage6][isolation][escape][root]") {
    check_call(SYS_keyctl, {0, -3, 0}, without_filter());
    check_call(SYS_io_uring_setup, {1, 0}, without_filter());
    check_call(SYS_bpf, {-1, 0, 0}, with_capability("SYS_ADMIN"));
    check_call(SYS_perf_event_open, {0, 0, 0, 0, 0}, with_capability("SYS_ADMIN"));
}

TEST_CASE("escape: neither clock nor accounting nor quotas", "[stage6][isolation][escape][root]") {
    check_call(SYS_clock_settime, {99, 0}, with_capability("SYS_TIME"));
    check_call(SYS_acct, {8}, with_capability("SYS_PACCT"));
    check_call(SYS_quotactl, {0, 0, 0, 0}, with_capability("SYS_ADMIN"));
    check_call(SYS_init_module, {0, 0, 0}, with_capability("SYS_MODULE"));
}

TEST_CASE("escape: no socket of the families with holes", "[stage6][isolation][escape][root]") {
    check_call(SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}, without_filter());
    check_call(SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}, without_filter());
}

TEST_CASE("escape: nobody goes first for the processor", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const std::vector<std::string> call = {"call", std::to_string(SYS_setpriority), "0", "0",
                                           "-20"};
    CHECK(scene.probe_says(call) == "EACCES");
    CHECK(scene.probe_says(call, with_capability("SYS_NICE")) == "ok");
}

TEST_CASE("escape: the host name is not changed", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    CHECK(scene.probe_says({"sethostname", "pirate"}).find("Operation not permitted") !=
          std::string::npos);
    CHECK(scene.probe_says({"sethostname", "pirate"}, with_capability("SYS_ADMIN")).empty());
}

#if defined(__x86_64__)
TEST_CASE("escape: the 32-bit door kills who opens it", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    if (scene.probe_says({"call-32-bit"}, without_filter()) != "ok") {
        skip("this kernel has no 32-bit system calls");
    }
    CHECK(scene.probe_says({"call-32-bit"}) == "exit 159");
    constexpr long x32 = 0x40000000;
    CHECK(scene.probe_says({"call", std::to_string(x32 | SYS_unshare),
                            std::to_string(CLONE_NEWUSER)}) == "ENOSYS");
}
#endif

TEST_CASE("escape: a device file opens no device", "[stage6][isolation][escape][root]") {
    // Of /dev/kmsg (1:11): every machine has it. The kernel lets those read it who may see its log.
    IsolationScene scene;
    const std::vector<std::string> command = {
        "sh", "-c", "mknod /dev/door c 1 11 && /probe may-read /dev/door"};
    const auto says = [&](const BodyChange& change) {
        const std::string name = random_name();
        const std::string id = scene.create(name, command, change);
        std::filesystem::copy_file(probe(), scene.upper(id) + "/probe");
        scene.start(name);
        scene.wait(name);
        const auto [out, err] = scene.logs(name);
        return out + err;
    };
    CHECK(says(with_capability("SYSLOG")) == "EPERM\n");
    const std::string undefended = says([](Json& body) {
        body["HostConfig"]["CapAdd"] = words({"SYSLOG"});
        body["HostConfig"]["DeviceCgroupRules"] = words({"c 1:11 r"});
    });
    CHECK(undefended != "EPERM\n");
    CHECK(says(host_config("CapDrop", words({"MKNOD"}))).find("Operation not permitted") !=
          std::string::npos);
}

TEST_CASE("escape: the settings that run a program on the host cannot be written",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    for (const char* path :
         {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger"}) {
        if (!file_exists(path)) continue;
        INFO(path);
        CHECK(scene.probe_says({"may-write", path}) == "EROFS");
        CHECK(scene.probe_says({"may-write", path}, host_config("ReadonlyPaths", words({}))) ==
              "ok");
    }
    CHECK(scene.probe_says({"may-write", "/sys/kernel/uevent_helper"}) != "ok");
}

TEST_CASE("escape: what tells about the machine is covered", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    for (const char* path : {"/proc/keys", "/proc/timer_list", "/proc/interrupts"}) {
        if (!file_exists(path)) continue;
        INFO(path);
        CHECK(scene.probe_says({"may-read", path}) == "empty");
        CHECK(scene.probe_says({"may-read", path}, host_config("MaskedPaths", words({}))) ==
              "read");
    }
}

TEST_CASE("escape: a set-user-id program gives nothing under no-new-privileges",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const auto says = [&](bool defended) {
        const std::string name = random_name();
        const std::string id =
            scene.create(name, {"/up", "cat", "/proc/self/status"}, [&](Json& body) {
                body["User"] = "1000:1000";
                if (defended) body["HostConfig"]["SecurityOpt"] = words({"no-new-privileges"});
            });
        const std::string file = scene.upper(id) + "/up";
        std::filesystem::copy_file(probe(), file);
        std::filesystem::permissions(file, std::filesystem::perms{04755});
        scene.start(name);
        scene.wait(name);
        return status_field(scene.logs(name).out, "Uid");
    };
    CHECK(says(true) == "1000\t1000\t1000\t1000");
    CHECK(says(false) == "1000\t0\t0\t0");
}

TEST_CASE("escape: no process of the host can be signalled", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const Process victim{{probe(), "sleep"}};
    const std::vector<std::string> call = {"call", std::to_string(SYS_kill),
                                           std::to_string(victim.pid()), "0"};
    CHECK(scene.probe_says(call) == "ESRCH");
    CHECK(scene.probe_says(call, host_config("PidMode", "host")) == "ok");
}

TEST_CASE("escape: a working directory that is a descriptor leads nowhere",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    for (int number = 3; number < 24; ++number) {
        const std::string name = "cwd" + std::to_string(number);
        const std::string place = "/proc/self/fd/" + std::to_string(number);
        scene.create_with_probe(name, {"cwd"}, [&](Json& body) { body["WorkingDir"] = place; });
        const Answer answer = scene.request("POST", "/containers/" + name + "/start");
        INFO(place << answer);
        // Refused; or where there was nothing of the kind, an empty directory of the root's own.
        if (answer.status >= 300) continue;
        scene.wait(name);
        CHECK(scene.logs(name).out == place + "\n");
    }
}

TEST_CASE("escape: the container's control groups cannot be written",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const std::string mounts = scene.probe_says({"mounts"});
    INFO(mounts);
    for (auto at = mounts.find(" /sys/fs/cgroup"); at != std::string::npos;
         at = mounts.find(" /sys/fs/cgroup", at + 1)) {
        const auto options = mounts.find(' ', at + 1) + 1;
        CHECK(mounts.substr(options, 3) == "ro,");
    }
}

TEST_CASE("escape: a mount inside is not seen outside", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const std::string name = random_name();
    scene.create(name,
                 {"sh", "-c",
                  "mount -t tmpfs inside-only /tmp && grep -c inside-only "
                  "/proc/self/mountinfo; echo ready; exec sleep 100"},
                 with_capability("SYS_ADMIN"));
    scene.start(name);
    scene.wait_for_logged(name, "ready");
    CHECK(scene.logs(name).out == "1\nready\n");
    CHECK(read_file("/proc/self/mountinfo").find("inside-only") == std::string::npos);
}

TEST_CASE("escape: the engine's own program cannot be overwritten from a container",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    // The command is whatever is being executed: the shim's program becomes the container's.
    scene.create("mirror", {"/proc/self/exe"});
    scene.start("mirror");
    CHECK(scene.wait("mirror") != 0);  // without its daemon it has nothing to do there
    const std::string id = scene.run_detached("web", {"sh", "-c", "echo ready; exec sleep 100"});
    scene.wait_for_logged("web", "ready");
    const Fd program{::open(("/proc/" + std::to_string(scene.shim_of(id)) + "/exe").c_str(),
                            O_PATH | O_CLOEXEC)};
    REQUIRE(program);
    scene.request("DELETE", "/containers/web?force=1");
    // Nobody runs it any more, so "text file busy" does not protect it.
    const Fd writer{
        ::open(("/proc/self/fd/" + std::to_string(program.get())).c_str(), O_WRONLY | O_CLOEXEC)};
    if (writer) CHECK(::write(writer.get(), "x", 1) == -1);
    const Fd file{::open(built("slipway-shim").c_str(), O_PATH | O_CLOEXEC)};
    struct stat of_program {
    }, of_file{};
    REQUIRE(::fstat(program.get(), &of_program) == 0);
    REQUIRE(::fstat(file.get(), &of_file) == 0);
    CHECK((of_program.st_dev != of_file.st_dev || of_program.st_ino != of_file.st_ino));
}

// The numbers of the sockets that a process has open: "socket:[4711]" in /proc/PID/fd.
static std::set<std::string> sockets_of(pid_t process) {
    std::set<std::string> numbers;
    const std::string directory = "/proc/" + std::to_string(process) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(entry.path(), gone);
        if (target.starts_with("socket:[")) numbers.insert(target.substr(8, target.size() - 9));
    }
    return numbers;
}

TEST_CASE("escape: a container in the host's network finds no socket of ours without a path",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    auto ours = sockets_of(scene.pid());
    ours.merge(sockets_of(scene.shim_of(id)));
    const std::string sockets =
        scene.probe_says({"cat", "/proc/net/unix"}, host_config("NetworkMode", "host"));
    bool any = false;
    // "ffff8880: 00000002 00000000 00010000 0001 01 4711 @name"; others' are nothing to us.
    for (const std::string& line : words_of(sockets, "\n")) {
        const auto words = words_of(line, " ");
        if (words.size() < 7 || !ours.contains(words[6])) continue;
        any = true;
        INFO(line);
        CHECK_FALSE((words.size() > 7 && words[7].starts_with("@")));
    }
    CHECK(any);
}
