#include "common/process.hpp"

#include <linux/close_range.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstdint>
#include <string_view>

int exit_code_for(int wait_status) {
    if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
    return 128 + WTERMSIG(wait_status);
}

pid_t clone_process(clone_args arguments) {
    // With CLONE_PARENT the exit signal is that of the caller, and naming one is an error.
    if (!(arguments.flags & CLONE_PARENT)) arguments.exit_signal = SIGCHLD;
    auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
    // clone(2) has 32 bits of flags, and keeps the exit signal in the lowest eight.
    const bool fits_clone = (arguments.flags & ~0xffffff00ull) == 0 && arguments.pidfd == 0;
    if (pid == -1 && errno == ENOSYS && fits_clone) {
        // Without a stack it goes on with a copy of ours, as fork does.
        const auto flags = static_cast<unsigned long>(arguments.flags | arguments.exit_signal);
        pid = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr));
    }
    return check(pid, "clone");
}

Child::~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    retry([&] { return ::waitpid(pid_, nullptr, 0); });
}

int Child::wait() {
    // waitpid(0) would take any child of our process group.
    if (pid_ <= 0) throw Failure{"wait: there is no child"};
    int status = 0;
    check(retry([&] { return ::waitpid(pid_, &status, 0); }), "waitpid");
    pid_ = 0;
    return exit_code_for(status);
}

bool Child::has_ended(int& exit_code) {
    int status = 0;
    if (check(::waitpid(pid_, &status, WNOHANG), "waitpid") == 0) return false;
    pid_ = 0;
    exit_code = exit_code_for(status);
    return true;
}

SignalFd::SignalFd(std::initializer_list<int> signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) {
        ::sigaddset(&set, signal);
        // Our caller may have left it ignored: then the kernel reaps our children unseen, and
        // sends nothing (wait(2), NOTES). Others come through while they are blocked.
        if (signal == SIGCHLD) ::signal(SIGCHLD, SIG_DFL);
    }
    fd_ = Fd{check(::signalfd(-1, &set, SFD_CLOEXEC), "signalfd")};
    check(::sigprocmask(SIG_BLOCK, &set, &previous_), "sigprocmask");
}

SignalFd::~SignalFd() {
    ::sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

signalfd_siginfo SignalFd::next() {
    signalfd_siginfo info{};
    check(retry([&] { return ::read(fd_.get(), &info, sizeof info); }), "read", "signalfd");
    return info;
}

void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) {
        ::signal(signal, SIG_DFL);  // fails for SIGKILL, SIGSTOP and glibc's own two: as it should
    }
    sigset_t none;
    ::sigemptyset(&none);
    check(::sigprocmask(SIG_SETMASK, &none, nullptr), "sigprocmask");
}

void close_on_exec_from(unsigned first) {
    check(::syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC), "close_range");
}

static std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    for (const auto& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

static std::string search_path_in(const std::vector<std::string>& environment) {
    for (const auto& entry : environment) {
        if (entry.starts_with("PATH=")) return entry.substr(5);
    }
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static std::string_view hint_for_exec(int error, const std::string& path) {
    if (error == ENOENT && ::access(path.c_str(), F_OK) == 0) {
        return "the file is there: is its interpreter or loader missing?";
    }
    struct statvfs place {};
    if (error == EACCES && ::statvfs(path.c_str(), &place) == 0 && (place.f_flag & ST_NOEXEC)) {
        return "the file system that it lies on is mounted noexec";
    }
    if (error == ENOEXEC) return "neither a program for this machine nor a script with #!";
    return {};
}

void execute(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
    const std::string& name = command.at(0);
    const auto arguments = pointers_to(command);
    const auto variables = pointers_to(environment);
    const auto try_path = [&](const std::string& path) {
        ::execve(path.c_str(), arguments.data(), variables.data());
        return errno;
    };
    if (name.find('/') != std::string::npos) {
        const int error = try_path(name);
        throw ExecError{error, "exec", name, hint_for_exec(error, name)};
    }

    int best_error = ENOENT;  // of all places: one that has the file but may not run it wins
    std::string best_path = name;
    const std::string search_path = search_path_in(environment);
    for (std::size_t start = 0; !name.empty() && start <= search_path.size();) {
        const std::size_t end = std::min(search_path.find(':', start), search_path.size());
        const std::string directory = search_path.substr(start, end - start);
        const std::string path = (directory.empty() ? "." : directory) + "/" + name;
        const int error = try_path(path);
        // A directory that we may not search has nothing for us, whatever is in it.
        const bool is_there = error != EACCES || ::access(path.c_str(), F_OK) == 0;
        if (is_there && error != ENOENT && error != ENOTDIR) {
            best_error = error;
            best_path = path;
            if (error != EACCES) break;
        }
        start = end + 1;
    }
    throw ExecError{best_error, "exec", name, hint_for_exec(best_error, best_path)};
}

int exit_code_for_exec(int error) {
    return error == ENOENT || error == ENOTDIR ? 127 : 126;
}

std::vector<std::string> current_environment() {
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    return environment;
}
