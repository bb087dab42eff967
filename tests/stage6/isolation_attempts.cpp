// More attempts to get out, or at the machine around: those that take more than one system call.
// Each fails, and goes well with its one defence off; where there is no one switch, the case says
// so.
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/sched.h>
#include <unistd.h>

#include <filesystem>

#include "common/file.hpp"
#include "tests/stage6/isolation_scene.hpp"

namespace fs = std::filesystem;

static Json words(const std::vector<std::string>& list) {
    return Json::array(list);
}

static BodyChange with_capability(const std::string& name) {
    return host_config("CapAdd", words({name}));
}

static BodyChange without_filter() {
    return host_config("SecurityOpt", words({"seccomp=unconfined"}));
}

static BodyChange both(const BodyChange& first, const BodyChange& second) {
    return [=](Json& body) {
        first(body);
        second(body);
    };
}

static std::string call_inside(const IsolationScene& scene, long number,
                               const std::vector<long>& arguments, const BodyChange& change = {}) {
    std::vector<std::string> call = {"call", std::to_string(number)};
    for (const long argument : arguments) call.push_back(std::to_string(argument));
    return scene.probe_says(call, change);
}

// What a shell inside says, both streams.
static std::string shell_says(const IsolationScene& scene, const std::string& script,
                              const BodyChange& change = {}) {
    const std::string name = random_name();
    scene.create(name, {"sh", "-c", script}, change);
    scene.start(name);
    scene.wait(name);
    const auto [out, err] = scene.logs(name);
    return out + err;
}

static bool daemon_has(int capability) {
    const std::string status = read_file("/proc/self/status");
    return (std::stoull(status_field(status, "CapBnd"), nullptr, 16) >> capability & 1) != 0;
}

TEST_CASE("attempt: out of the root by way of a chroot",
          "[stage6][isolation][escape][root][lean]") {
    IsolationScene scene;
    // The same program gets out of a plain chroot, into the container, and no further.
    const auto says = [&](const std::vector<std::string>& command) {
        const std::string name = random_name();
        const std::string id = scene.create(name, command);
        const fs::path root = scene.upper(id);
        fs::create_directories(root / "cell");
        for (const char* place : {"breakout", "cell/breakout"}) {
            fs::copy_file(built("stage4-chroot"), root / place);
        }
        fs::copy_file(probe(), root / "probe");
        write_file(root / "marker", "the container's\n");
        scene.start(name);
        scene.wait(name);
        const auto [out, err] = scene.logs(name);
        return out + err;
    };
    CHECK(says({"/probe", "chroot", "/cell", "/breakout", "breakout", "/probe", "cat",
                "/marker"}) == "the container's\n");
    CHECK(says({"/breakout", "breakout", "/probe", "cat", "/marker"})
              .find("break out: / is the same directory") != std::string::npos);
}

TEST_CASE("attempt: a file system of every kind is mounted", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    for (const std::string options : {"-t proc", "-t sysfs", "-t tmpfs", "-t cgroup2",
                                      "-t overlay -o lowerdir=/etc:/var", "--bind /etc"}) {
        INFO(options);
        const std::string source = options.starts_with("--") ? " " : " none ";
        const std::string script = "mount " + options + source + "/mnt 2>/dev/null && echo mounted";
        CHECK(shell_says(scene, "mkdir -p /mnt; " + script).empty());
        CHECK(shell_says(scene, "mkdir -p /mnt; " + script, with_capability("SYS_ADMIN")) ==
              "mounted\n");
    }
}

TEST_CASE("attempt: a namespace of every kind is made, by each of the three calls",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const BodyChange off = with_capability("SYS_ADMIN");
    for (const long kind :
         {long{CLONE_NEWNS}, long{CLONE_NEWUTS}, long{CLONE_NEWIPC}, long{CLONE_NEWNET},
          long{CLONE_NEWPID}, long{CLONE_NEWCGROUP}, long{CLONE_NEWUSER}}) {
        INFO(kind);
        CHECK(call_inside(scene, SYS_unshare, {kind}) == "EPERM");
        CHECK(call_inside(scene, SYS_clone, {kind | 17, 0, 0, 0, 0}) == "EPERM");
        CHECK(call_inside(scene, SYS_unshare, {kind}, off) == "ok");
    }
    // Its flags stand behind a pointer. So it is not there at all, and programs take clone.
    CHECK(call_inside(scene, SYS_clone3, {0, 0}) == "ENOSYS");
    CHECK(call_inside(scene, SYS_clone3, {0, 0}, off) == "EINVAL");
}

TEST_CASE("attempt: the shim is traced, and its descriptors are taken",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const std::string id = scene.run_detached("web", {"sh", "-c", "echo ready; exec sleep 100"});
    scene.wait_for_logged("web", "ready");
    const long shim = scene.shim_of(id);
    const std::vector<long> seize{PTRACE_SEIZE, shim, 0, 0};
    const BodyChange sees = host_config("PidMode", "host");
    CHECK(call_inside(scene, SYS_ptrace, seize) == "ESRCH");  // it is not in that namespace
    CHECK(call_inside(scene, SYS_ptrace, seize, sees) == "EPERM");
    const BodyChange off = both(sees, with_capability("SYS_PTRACE"));
    // A tracer must have what the traced one has; a daemon that lacks one gives what it has.
    CHECK(call_inside(scene, SYS_ptrace, seize, off) == "ok");
    CHECK(call_inside(scene, SYS_pidfd_getfd, {-1, 0, 0}) == "EPERM");
    CHECK(call_inside(scene, SYS_pidfd_getfd, {-1, 0, 0}, off) == "EBADF");
}

TEST_CASE("attempt: the host's files through a process of the host",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const Process victim{{probe(), "sleep"}};
    const std::string path = "/proc/" + std::to_string(victim.pid()) + "/root" + probe();
    const BodyChange sees = host_config("PidMode", "host");
    CHECK(scene.probe_says({"may-read", path}) == "ENOENT");
    CHECK(scene.probe_says({"may-read", path}, sees) == "EACCES");
    CHECK(scene.probe_says({"may-read", path}, both(sees, with_capability("SYS_PTRACE"))) ==
          "read");
}

TEST_CASE("attempt: files that steer the host are written", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    // None of them is there, or may be written, for several reasons each: version 1's groups are
    // mounted read-only and their top ones are not the machine's; /sys is read-only; of binfmt_misc
    // nothing is mounted. There is no one switch.
    for (const char* path :
         {"/sys/fs/cgroup/devices/release_agent", "/sys/fs/cgroup/memory/release_agent",
          "/sys/fs/cgroup/release_agent", "/sys/kernel/uevent_helper", "/sys/power/state",
          "/proc/sys/fs/binfmt_misc/register", "/proc/sys/kernel/hotplug",
          "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs"}) {
        INFO(path);
        const std::string answer = scene.probe_says({"may-write", path});
        CHECK((answer == "ENOENT" || answer == "EROFS" || answer == "EACCES"));
    }
}

TEST_CASE("attempt: what the firmware tells is read", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    for (const char* path : {"/sys/firmware", "/proc/acpi", "/sys/devices/virtual/powercap"}) {
        if (!file_exists(path) || fs::is_empty(path)) continue;
        INFO(path);
        CHECK(scene.probe_says({"ls", path}).empty());
        CHECK_FALSE(scene.probe_says({"ls", path}, host_config("MaskedPaths", words({}))).empty());
    }
    // A second wall stands behind the mask of the kernel's memory: CAP_SYS_RAWIO.
    CHECK(scene.probe_says({"may-read", "/proc/kcore"}) != "read");
}

TEST_CASE("attempt: limits are raised", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const std::string script = "ulimit -Hn $(($(ulimit -Hn) + 1)) 2>/dev/null && echo raised";
    const auto change = [](Json& body) {
        const Json limit = Json::object({{"Name", "nofile"}, {"Soft", 64}, {"Hard", 64}});
        body["HostConfig"]["Ulimits"] = Json::array({limit});
    };
    CHECK(shell_says(scene, script, change).empty());
    if (!daemon_has(CAP_SYS_RESOURCE)) return;  // then nobody here can be given it
    CHECK(shell_says(scene, script, both(change, with_capability("SYS_RESOURCE"))) == "raised\n");
}

TEST_CASE("attempt: a process runs before all others of the machine",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    CHECK(scene.probe_says({"realtime"}) == "EPERM");
    constexpr long who_process = 1, class_realtime = 1 << 13;  // of the disk: ioprio_set(2)
    const std::vector<long> disk{who_process, 0, class_realtime};
    CHECK(call_inside(scene, SYS_ioprio_set, disk) == "EPERM");
    const BodyChange off = with_capability("SYS_NICE");
    if (!daemon_has(CAP_SYS_NICE)) return;
    CHECK(call_inside(scene, SYS_ioprio_set, disk, off) == "ok");
    // A control group of version 1 may have no such time to give, to us neither.
    if (run({probe(), "realtime"}).out != "ok\n") return;
    CHECK(scene.probe_says({"realtime"}, off) == "ok");
}

TEST_CASE("attempt: pages are caught, kernels loaded, machines restarted",
          "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    constexpr long user_mode_only = 1;
    CHECK(call_inside(scene, SYS_userfaultfd, {user_mode_only}) == "EPERM");
    CHECK(call_inside(scene, SYS_userfaultfd, {user_mode_only}, without_filter()) == "ok");
    // The kernel looks at the arguments, which are nonsense, only after filter and capability.
    const auto check_two_walls = [&](long number, const std::vector<long>& arguments,
                                     const std::string& capability, int bit) {
        INFO(number);
        CHECK(call_inside(scene, number, arguments) == "EPERM");
        const std::string unfiltered = call_inside(scene, number, arguments, without_filter());
        if (unfiltered == "ENOSYS") return;  // a kernel that has it not
        CHECK(unfiltered == "EPERM");
        if (!daemon_has(bit)) return;
        CHECK(call_inside(scene, number, arguments,
                          both(without_filter(), with_capability(capability))) != "EPERM");
    };
    check_two_walls(SYS_kexec_load, {0, 0, 0, -1}, "SYS_BOOT", CAP_SYS_BOOT);
    check_two_walls(SYS_reboot, {0, 0, 0, 0}, "SYS_BOOT", CAP_SYS_BOOT);
    check_two_walls(SYS_swapon, {0, 0}, "SYS_ADMIN", CAP_SYS_ADMIN);
}

TEST_CASE("attempt: the network's frames are read as they are",
          "[stage6][isolation][escape][root]") {
    // Docker's containers may, in their own network; --cap-drop is the defence that the book names.
    IsolationScene scene;
    const std::vector<long> packet_socket{AF_PACKET, SOCK_RAW, 0};
    CHECK(call_inside(scene, SYS_socket, packet_socket) == "ok");
    CHECK(call_inside(scene, SYS_socket, packet_socket,
                      host_config("CapDrop", words({"NET_RAW"}))) == "EPERM");
}

TEST_CASE("attempt: a bomb of processes", "[stage6][isolation][escape][root]") {
    IsolationScene scene;
    const Json info = scene.request("GET", "/info").json();
    if (!info.find("PidsLimit")->as_bool()) skip("no pids controller that is ours");
    CHECK(scene.probe_says({"forks", "50"}, host_config("PidsLimit", 10)) ==
          "9 Resource temporarily unavailable");
    CHECK(scene.probe_says({"forks", "50"}) == "50 ok");
}

TEST_CASE("attempt: descriptors that somebody forgot", "[stage6][isolation][escape]") {
    // Each is close-on-exec from birth, and what is not is closed before the exec: two walls, and
    // neither has a switch. That open ones are seen is the probe's own test.
    IsolationScene scene;
    CHECK(scene.probe_says({"fds"}) == "0\n1\n2");
}

TEST_CASE("attempt: the host's name is changed", "[stage6][isolation][escape][root]") {
    // Without a namespace of its own it would be: that is not tried out on the host's name.
    IsolationScene scene;
    char before[256]{}, after[256]{};
    ::gethostname(before, sizeof before - 1);
    CHECK(scene.probe_says({"sethostname", "pirate"}, with_capability("SYS_ADMIN")).empty());
    ::gethostname(after, sizeof after - 1);
    CHECK(std::string{after} == before);
}
