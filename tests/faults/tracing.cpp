#include "tests/faults/tracing.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"

static constexpr auto kVariable = "SLIPWAY_FAULTS_STRACE";
static constexpr auto kNumber = "SLIPWAY_FAULTS_NUMBER";
static constexpr auto kCount = "SLIPWAY_FAULTS_COUNT";

// The calls that change something; and where an error is the fault, those that can have it.
struct FaultCalls {
    std::string_view fault;
    bool reading_too;  // also where a file is only opened for reading
    const char* calls;
};

static constexpr FaultCalls kFaults[] = {
    {"error=EIO", true, "openat,write,fsync,renameat,rename,unlink,unlinkat,rmdir,mkdir,fallocate"},
    {"error=EMFILE", true,
     "openat,pipe2,socket,socketpair,accept4,fcntl,memfd_create,inotify_init1,pidfd_open"},
    {"error=ENFILE", true, "openat,pipe2,socket,socketpair,accept4,memfd_create,pidfd_open"},
    {"error=ENOSPC", false,
     "openat,write,fsync,renameat,rename,mkdir,fallocate,bind,inotify_add_watch"},
    {"error=EAGAIN", true, "clone,clone3,vfork,fork"},
    {"error=ENOMEM", true,
     "openat,clone,clone3,vfork,socket,pipe2,mkdir,sendto,sendmsg,recvfrom,recvmsg,epoll_ctl"},
    {"", false,
     "openat,close,write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2,"
     "unlink,"
     "unlinkat,rmdir,mkdir,mkdirat,fallocate,ftruncate,clone,clone3,vfork,kill,pidfd_send_signal,"
     "flock,bind,listen,chmod,fchmod,fchmodat,symlink,symlinkat,link,linkat,mount,umount2,setns,"
     "unshare"}};

static const FaultCalls& calls_of(const std::string& fault) {
    return *std::ranges::find_if(
        kFaults, [&](const FaultCalls& one) { return one.fault.empty() || one.fault == fault; });
}

Words traced(const std::string& file, const std::string& fault) {
    // A question mark: some machines have only the newer one of two calls.
    std::string calls = "trace=?";
    for (const char letter : std::string_view{calls_of(fault).calls}) {
        calls += letter == ',' ? ",?" : std::string{letter};
    }
    return {"strace", "-o", file, "-s", "200", "-e", calls, "-e", "signal=none"};
}

Words traced(const std::string& file, const std::string& fault, const FaultPoint& point) {
    return with(traced(file, fault), {"-e", "inject=" + point.call + ":" + fault +
                                                ":when=" + std::to_string(point.when)});
}

static std::vector<std::string> lines_in(const std::string& file) {
    std::vector<std::string> lines;
    std::istringstream text{read_file(file)};
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

std::vector<FaultPoint> points_in(const std::string& file, const std::string& fault) {
    std::map<std::string, unsigned> counts;
    std::vector<FaultPoint> points;
    for (const std::string& line : lines_in(file)) {
        const auto end = line.find('(');
        if (end == std::string::npos || line.starts_with("+++")) continue;
        const std::string call = line.substr(0, end);
        const unsigned when = ++counts[call];
        if (call == "close") continue;  // traced only for what the numbers stand for
        const bool only_reads = call == "openat" && line.find("O_CREAT") == std::string::npos;
        const bool only_asks = call == "fcntl" && line.find("F_DUPFD") == std::string::npos;
        // Taking something out needs no memory.
        const bool cannot_fail = call == "epoll_ctl" && line.find("_ADD") == std::string::npos;
        if ((!only_reads || calls_of(fault).reading_too) && !only_asks && !cannot_fail)
            points.push_back({call, when, line});
    }
    return points;
}

// One line of strace's, taken apart: "renameat(9, "a.tmp", 9, "a") = 0".
struct TracedCall {
    std::string name;
    std::vector<std::string> arguments;
    int result = -1;
};

static TracedCall parse_call(const std::string& line) {
    TracedCall call;
    const auto open = line.find('(');
    const auto equals = line.rfind(" = ");
    if (open == std::string::npos || equals == std::string::npos) return call;
    call.name = line.substr(0, open);
    call.result = std::atoi(line.c_str() + equals + 3);
    std::istringstream rest{line.substr(open + 1, line.rfind(')', equals) - open - 1)};
    for (std::string word; std::getline(rest, word, ',');) {
        const auto begin = word.find_first_not_of(" \"");
        const auto end = word.find_last_not_of(" \"");
        call.arguments.push_back(begin == std::string::npos ? ""
                                                            : word.substr(begin, end - begin + 1));
    }
    return call;
}

static std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

// What is on the disk by now, as far as the calls tell.
class OrderCheck {
public:
    void take(const TracedCall& call);
    void end() { must_be_durable("the end"); }

    std::vector<std::string> faults;
    unsigned renames = 0;

private:
    std::string name_of(const std::string& descriptor) const;
    std::string path_at(const std::string& directory, const std::string& path) const;
    void take_write(const std::vector<std::string>& words);
    void take_rename(const std::string& from, const std::string& to);
    void must_be_durable(const std::string& before);

    std::map<std::string, std::string> names_;  // descriptor -> path
    std::set<std::string> unsynced_;            // files with content that is in memory alone
    std::set<std::string> new_names_;           // directories whose entries changed
};

// One that was there before is known by its number.
std::string OrderCheck::name_of(const std::string& descriptor) const {
    const auto known = names_.find(descriptor);
    return known == names_.end() ? "descriptor " + descriptor : known->second;
}

std::string OrderCheck::path_at(const std::string& directory, const std::string& path) const {
    if (path.starts_with('/') || directory == "AT_FDCWD") return path;
    return name_of(directory) + "/" + path;
}

void OrderCheck::must_be_durable(const std::string& before) {
    for (const auto& directory : new_names_) {
        faults.push_back("no fsync of directory " + directory + " before " + before);
    }
    new_names_.clear();
}

// Of the file itself, and of all that is in it when it is a directory.
void OrderCheck::take_rename(const std::string& from, const std::string& to) {
    ++renames;
    std::erase_if(unsynced_, [&](const std::string& file) {
        if (file != from && !file.starts_with(from + "/")) return false;
        faults.push_back("no fsync of " + file + " before it is named " + to);
        return true;
    });
    // A layer on its way out that comes back after a power cut is taken out again.
    if (!parent_of(to).ends_with("/images/unfinished")) new_names_.insert(parent_of(to));
}

void OrderCheck::take_write(const std::vector<std::string>& words) {
    const auto file = names_.find(words.at(0));
    // The log is written for those who read it now.
    if (file != names_.end() && !file->second.ends_with("/log")) unsynced_.insert(file->second);
    if (words.size() > 1 && words[1].starts_with("started ")) must_be_durable("the outcome");
}

void OrderCheck::take(const TracedCall& call) {
    if (call.result < 0) return;
    const auto& words = call.arguments;
    if (call.name == "openat") {
        names_[std::to_string(call.result)] = path_at(words.at(0), words.at(1));
    } else if (call.name == "write" || call.name == "fallocate") {
        take_write(words);
    } else if (call.name == "fsync") {
        unsynced_.erase(name_of(words.at(0)));
        new_names_.erase(name_of(words[0]));
    } else if (call.name == "close") {
        names_.erase(words.at(0));
    } else if (call.name == "renameat") {
        take_rename(path_at(words.at(0), words.at(1)), path_at(words.at(2), words.at(3)));
    } else if (call.name == "rename") {
        take_rename(words.at(0), words.at(1));
    } else if (call.name == "sendto") {
        must_be_durable("an answer");
    }
}

std::vector<std::string> order_faults(const std::string& file, unsigned& renames) {
    OrderCheck check;
    for (const std::string& line : lines_in(file)) check.take(parse_call(line));
    check.end();
    renames = check.renames;
    return check.faults;
}

bool should_be_traced_shim() {
    return std::getenv(kVariable) != nullptr;
}

void trace_shim(const Words& strace, unsigned number, const std::string& count) {
    ::unlink(count.c_str());
    if (strace.empty()) {
        ::unsetenv(kVariable);
        return;
    }
    std::string text;
    for (const std::string& word : strace) text += word + "\n";
    ::setenv(kVariable, text.c_str(), 1);
    ::setenv(kNumber, std::to_string(number).c_str(), 1);
    ::setenv(kCount, count.c_str(), 1);
}

// Each shim adds a byte; the one after which there are so many is the one.
static bool is_the_one() {
    const char* const path = std::getenv(kCount);
    const Fd file{
        check(::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), "open", path)};
    write_all(file.get(), ".", path);
    return check(::lseek(file.get(), 0, SEEK_END), "seek", path) == std::atoi(std::getenv(kNumber));
}

// The tracer must be nobody's child whom the shim would wait for, and hold no descriptor of it.
static void start_tracer(pid_t traced_process) {
    const pid_t child = check(::fork(), "fork");
    if (child != 0) {
        ::waitpid(child, nullptr, 0);
        return;
    }
    if (::fork() != 0) ::_exit(0);
    Words words;
    std::istringstream text{std::getenv(kVariable)};
    for (std::string word; std::getline(text, word);) words.push_back(word);
    words = with(words, {"-p", std::to_string(traced_process)});
    close_on_exec_from(STDERR_FILENO + 1);
    execute(words, current_environment());
}

void become_traced_shim(const std::vector<std::string>& arguments) {
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    const Fd status{check(::open("/proc/self/status", O_RDONLY | O_CLOEXEC), "open", "status")};
    const bool is_traced = is_the_one();
    if (is_traced) start_tracer(::getpid());
    char text[4096];
    while (is_traced) {
        const auto size = check(::pread(status.get(), text, sizeof text, 0), "read", "status");
        const std::string now{text, static_cast<std::size_t>(size)};
        if (now.find("TracerPid:\t0\n") == std::string::npos) break;
        pause_for(std::chrono::microseconds{1000});
    }
    const std::string shim = std::getenv("SLIPWAY_FAULTS_SHIM");
    execute(with({shim}, arguments), current_environment());
}
