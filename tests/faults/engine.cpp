#include "tests/faults/engine.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"
#include "tests/support/leak_check.hpp"

using std::chrono::steady_clock;

static constexpr std::chrono::seconds kEndMax{30};  // of what was told to end, on a busy machine

Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

std::string own_path() {
    char path[PATH_MAX];
    const auto length =
        check(::readlink("/proc/self/exe", path, sizeof path), "read", "/proc/self/exe");
    return {path, static_cast<std::size_t>(length)};
}

std::string built_beside(const std::string& name) {
    const std::filesystem::path self = own_path();
    return self.parent_path().parent_path() / name;
}

Child start_program(Words words, int input, int output, int error) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    int number = 0;
    for (const int fd : {input, output, error}) {
        if (fd == -1) {
            ::posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0);
        } else {
            ::posix_spawn_file_actions_adddup2(&actions, fd, number);
        }
        ++number;
    }
    pid_t pid = 0;
    const int failed =
        ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw SystemError{failed, "start", words[0]};
    return Child{pid};
}

Engine::Engine(std::string programs) : programs_{std::move(programs)} {
    const char* place = std::getenv("TMPDIR");
    place_ = std::string{place == nullptr ? "/tmp" : place} + "/slipway-faults-XXXXXX";
    if (::mkdtemp(place_.data()) == nullptr) throw SystemError{errno, "mkdtemp", place_};
    socket_ = place_ + "/socket";
}

Engine::~Engine() {
    kill();
    std::error_code ignored;
    for (const char* name : {"/daemon.log", "/socket"}) {
        std::filesystem::remove(place_ + name, ignored);
    }
    std::filesystem::remove(place_, ignored);
}

void Engine::begin(const Words& prefix, const Words& options) {
    const std::string log = place_ + "/daemon.log";
    const Fd messages{
        check(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), "open", log)};
    const Words daemon =
        with(prefix, {built_beside(programs_ + "slipwayd"), "--socket", socket_, "--root", root()});
    has_prefix_ = !prefix.empty();
    daemon_ = start_program(with(daemon, options), -1, -1, messages.get());
}

bool Engine::wait_until_ready(std::chrono::milliseconds limit) {
    const auto end = steady_clock::now() + limit;
    while (!has_ended()) {
        try {
            api().request("GET", ApiTarget{"/_ping"});
            return true;
        } catch (const Failure&) {
            if (steady_clock::now() >= end) throw Failure{"the daemon does not answer"};
            pause_for(std::chrono::microseconds{2000});
        }
    }
    return false;
}

bool Engine::start(const Words& prefix, const Words& options) {
    begin(prefix, options);
    return wait_until_ready(kStartMax);
}

// A tracer keeps the signals for itself that are meant for what it traces. It ends with that.
pid_t Engine::process() const {
    if (!has_prefix_) return daemon_.pid();
    const std::string path = built_beside(programs_ + "slipwayd") + " ";
    for (const auto& process : living_descendants()) {
        if (process.command_line.starts_with(path)) return process.pid;
    }
    return 0;
}

void Engine::kill() {
    if (has_ended()) return;
    if (const pid_t pid = process(); pid != 0) ::kill(pid, SIGKILL);
    daemon_.wait();
}

int Engine::terminate() {
    if (has_ended()) return -1;
    if (const pid_t pid = process(); pid != 0) ::kill(pid, SIGTERM);
    return daemon_.wait();
}

bool Engine::has_ended() {
    int code = 0;
    return daemon_.pid() == 0 || daemon_.has_ended(code);
}

std::string Engine::messages() const {
    return read_file(place_ + "/daemon.log");
}

Words Engine::client(const Words& words) const {
    return with({built_beside("slipway"), "--socket", socket_}, words);
}

static std::string process_file(pid_t pid, const std::string& name) {
    return "/proc/" + std::to_string(pid) + "/" + name;
}

std::size_t Engine::descriptors() const {
    const std::filesystem::directory_iterator entries{process_file(pid(), "fd")}, none;
    return static_cast<std::size_t>(std::distance(std::filesystem::begin(entries), none));
}

long Engine::memory() const {
    const std::string status = read_file(process_file(pid(), "status"));
    return std::atol(status.c_str() + status.find("VmRSS:") + 6);
}

void reap_orphans(const std::vector<pid_t>& owned) {
    std::vector<pid_t> children;
    siginfo_t info{};
    // One that is owned and has ended stands in the way of those behind it until it is reaped.
    while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        if (std::ranges::find(owned, info.si_pid) != owned.end()) return;
        ::waitpid(info.si_pid, nullptr, WNOHANG);
        info.si_pid = 0;
    }
}

static std::vector<std::string> mounts() {
    const auto now = mounts_now();
    return {now.begin(), now.end()};
}

std::vector<std::string> Leftovers::groups() const {
    auto found = own_ ? own_->left_behind() : places_.groups_of_engine();
    // That of all containers is empty; the next one to end takes it along.
    std::erase_if(found, [](const std::string& group) { return group.ends_with("/slipway"); });
    return found;
}

// What others mount on this machine does not show in it, and what is mounted in it is passed on to
// its children, as on a machine that systemd has set up.
static void enter_own_mount_namespace() {
    check(::unshare(CLONE_NEWNS), "unshare", "CLONE_NEWNS");
    for (const auto kind : {MS_PRIVATE, MS_SHARED}) {
        const auto flags = static_cast<unsigned long>(kind) | MS_REC;
        check(::mount(nullptr, "/", nullptr, flags, nullptr), "mount", "/");
    }
}

Leftovers::Leftovers() {
    if (::geteuid() == 0) {
        enter_own_mount_namespace();
        own_.emplace(places_.all(), "slipway-test-" + std::to_string(::getpid()) + "-faults");
    }
    groups_ = groups();
    mounts_ = mounts();
}

static void add_new(const std::vector<std::string>& before, const std::vector<std::string>& now,
                    const std::string& what, std::vector<std::string>& sentences) {
    for (const std::string& one : now) {
        if (std::ranges::find(before, one) == before.end()) {
            sentences.push_back(what + " left behind: " + one);
        }
    }
}

std::vector<std::string> Leftovers::found(const Engine& engine, bool root_stays) const {
    std::vector<std::string> sentences;
    const auto end = steady_clock::now() + kEndMax;
    auto processes = living_descendants();
    while (!processes.empty() && steady_clock::now() < end) {
        reap_orphans({});
        pause_for(std::chrono::microseconds{5000});
        processes = living_descendants();
    }
    for (const auto& process : processes) {
        sentences.push_back("process left behind: " + std::to_string(process.pid) + " " +
                            process.command_line);
        ::kill(process.pid, SIGKILL);
    }
    add_new(mounts_, mounts(), "mount", sentences);
    const std::size_t others = sentences.size();
    add_new(groups_, groups(), "cgroup", sentences);
    for (std::size_t i = others; i < sentences.size(); ++i) {
        ::rmdir(sentences[i].substr(sentences[i].find('/')).c_str());
    }
    for (const char* name : {"/containers", "/creating", "/removing"}) {
        const std::string path = engine.root() + name;
        for (const auto& entry : std::filesystem::directory_iterator{path}) {
            sentences.push_back("file left behind: " + entry.path().string());
        }
    }
    // With the overlay's own directories, whose mode is 0.
    if (sentences.empty() && !root_stays) remove_directory(engine.root());
    return sentences;
}
