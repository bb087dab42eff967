#include "tests/bench/launch_floor.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "tests/bench/statistics.hpp"

const std::uint64_t kAllNamespaces =
    CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;

static constexpr auto kMemoryLimit = "67108864";
static constexpr auto kProcessLimit = "64";

// The groups of one launch: made, joined, removed.
class Groups {
public:
    Groups(const LaunchPlan& plan, const GroupPlaces& places) : join_{plan.join} {
        const std::string name = "/slipway-bench-" + std::to_string(::getpid());
        if (join_ == Join::tasks || join_ == Join::procs) {
            make(places.memory_v1 + name);
            make(places.pids_v1 + name);
            if (!plan.limits) return;
            write_control_file(directories_[0] + "/memory.limit_in_bytes", kMemoryLimit);
            write_control_file(directories_[1] + "/pids.max", kProcessLimit);
        } else if (join_ != Join::none) {
            make(places.v2 + name);
            if (!plan.limits || !places.v2_has_limits) return;
            write_control_file(directories_[0] + "/memory.max", kMemoryLimit);
            write_control_file(directories_[0] + "/pids.max", kProcessLimit);
        }
    }
    Groups(const Groups&) = delete;
    Groups& operator=(const Groups&) = delete;
    ~Groups() { remove(); }

    void remove() {
        for (const auto& directory : directories_) ::rmdir(directory.c_str());
        directories_.clear();
    }

    Fd to_be_born_in() const {
        if (join_ != Join::born) return Fd{};
        const auto& path = directories_.at(0);
        return Fd{check(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open", path)};
    }

    // By the child, as its first act.
    void enter() const {
        if (join_ != Join::tasks) return;
        for (const auto& directory : directories_) write_control_file(directory + "/tasks", "0");
    }

    // By the parent, while the child waits.
    bool moves_from_outside() const { return join_ == Join::procs || join_ == Join::moved; }
    void move(pid_t pid) const {
        for (const auto& directory : directories_) {
            write_control_file(directory + "/cgroup.procs", std::to_string(pid));
        }
    }

private:
    void make(const std::string& directory) {
        check(::mkdir(directory.c_str(), 0755), "mkdir", directory);
        directories_.push_back(directory);
    }

    Join join_;
    std::vector<std::string> directories_;
};

static void mount_on(const char* type, const char* path, unsigned long flags, const char* data) {
    check(::mount(type, path, type, flags, data), "mount", path);
}

static void mount_devices() {
    mount_on("tmpfs", "dev", MS_NOSUID | MS_NOEXEC, "mode=0755");
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
        const std::string path = std::string{"dev/"} + name;
        const Fd file{
            check(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666), "open", path)};
        const std::string source = std::string{"/dev/"} + name;
        check(::mount(source.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), "bind", path);
    }
    for (const char* path : {"dev/pts", "dev/shm", "dev/mqueue"}) {
        check(::mkdir(path, 0755), "mkdir", path);
    }
    mount_on("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
    mount_on("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777");
    mount_on("mqueue", "dev/mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

// The trees of the groups that it is in.
static void mount_groups(Join join) {
    constexpr auto place = "sys/fs/cgroup";
    if (join == Join::born || join == Join::moved)
        return mount_on("cgroup2", place, MS_RDONLY, nullptr);
    mount_on("tmpfs", place, MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755");
    if (join == Join::none) return;
    for (const char* controller : {"memory", "pids"}) {
        const std::string path = std::string{place} + "/" + controller;
        check(::mkdir(path.c_str(), 0755), "mkdir", path);
        mount_on("cgroup", path.c_str(), MS_RDONLY, controller);
    }
}

static void mount_in_new_root(const LaunchPlan& plan) {
    constexpr unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (plan.mount_proc || plan.mount_all) mount_on("proc", "proc", flags, nullptr);
    if (!plan.mount_all) return;
    mount_on("sysfs", "sys", flags | MS_RDONLY, nullptr);
    if ((plan.namespaces & CLONE_NEWCGROUP) != 0) mount_groups(plan.join);
    mount_devices();
    mount_on("tmpfs", "tmp", MS_NOSUID | MS_NODEV, "mode=1777");
}

static void enter_root(const LaunchPlan& plan) {
    if (plan.entry == Entry::none) return;
    const char* root = plan.root.c_str();
    if (plan.entry == Entry::pivot) {
        check(::mount(root, root, nullptr, MS_BIND | MS_REC, nullptr), "bind", plan.root);
    }
    check(::chdir(root), "chdir", plan.root);
    mount_in_new_root(plan);
    if (plan.entry == Entry::change_root) {
        check(::chroot("."), "chroot", plan.root);
    } else {
        check(::syscall(SYS_pivot_root, ".", "."), "pivot_root", plan.root);
        check(::umount2(".", MNT_DETACH), "umount2", "the old root");
    }
    check(::chdir("/"), "chdir", "/");
}

static void raise_loopback() {
    const Fd socket{check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")};
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "ioctl SIOCSIFFLAGS", "lo");
}

[[noreturn]] static void be_child(const LaunchPlan& plan, const Groups& groups,
                                  Pipe& gate) noexcept {
    try {
        if (gate.read_end) {
            gate.write_end.close();
            char released;
            if (::read(gate.read_end.get(), &released, 1) != 1) ::_exit(111);
        }
        groups.enter();
        // Unshared before the joining it would show the group of the parent as its root.
        if ((plan.namespaces & CLONE_NEWCGROUP) != 0) {
            check(::unshare(CLONE_NEWCGROUP), "unshare", "cgroup");
        }
        if ((plan.namespaces & CLONE_NEWNS) != 0) {
            check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount", "/");
        }
        enter_root(plan);
        if ((plan.namespaces & CLONE_NEWUTS) != 0) {
            check(::sethostname("bench", 5), "sethostname");
        }
        if (plan.loopback) raise_loopback();
        if (plan.command.empty()) ::_exit(0);
        execute(plan.command, {"PATH=/bin"});
    } catch (const std::exception& error) {
        ::_exit(report_failure("launch", error, 111));
    }
}

static void map_ids(pid_t pid) {
    const std::string process = "/proc/" + std::to_string(pid);
    const auto map = [](unsigned id) { return "0 " + std::to_string(id) + " 1"; };
    write_control_file(process + "/setgroups", "deny");
    write_control_file(process + "/uid_map", map(::geteuid()));
    write_control_file(process + "/gid_map", map(::getegid()));
}

LaunchTimes launch(const LaunchPlan& plan, const GroupPlaces& places) {
    LaunchTimes times;
    double mark = now_ms();
    const auto lap = [&mark] {
        const double before = std::exchange(mark, now_ms());
        return mark - before;
    };
    Groups groups{plan, places};
    Fd place = groups.to_be_born_in();
    times.make_group = lap();

    const bool maps_ids = (plan.namespaces & CLONE_NEWUSER) != 0;
    Pipe gate;
    if (maps_ids || groups.moves_from_outside()) gate = make_pipe();
    clone_args arguments{};
    arguments.flags = plan.namespaces & ~std::uint64_t{CLONE_NEWCGROUP};
    if (place) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<std::uint64_t>(place.get());
    }
    const pid_t pid = clone_process(arguments);
    if (pid == 0) be_child(plan, groups, gate);
    Child child{pid};
    times.start = lap();

    if (maps_ids) map_ids(pid);
    if (groups.moves_from_outside()) groups.move(pid);
    if (gate.write_end) write_all(gate.write_end.get(), "g", "the gate");
    times.join = lap();

    const int exit_code = child.wait();
    times.run = lap();
    if (exit_code != 0) throw Failure{"a floor's child ended with " + std::to_string(exit_code)};
    place.close();
    groups.remove();
    times.remove_group = lap();
    return times;
}
