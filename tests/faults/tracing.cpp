#include "tests/faults/tracing.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"

static constexpr auto kVariable = "SLIPWAY_FAULTS_STRACE";

static constexpr auto kCalls =
    "trace=openat,write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2,"
    "unlink,unlinkat,rmdir,mkdir,mkdirat,fallocate,ftruncate,clone,clone3,vfork,kill,"
    "pidfd_send_signal,flock,bind,listen,chmod,fchmod,fchmodat,symlink,symlinkat,link,linkat,mount,"
    "umount2,setns,unshare";

Words traced(const std::string& file) {
    return {"strace", "-o", file, "-s", "200", "-e", kCalls, "-e", "signal=none"};
}

Words traced(const std::string& file, const FaultPoint& point, const std::string& fault) {
    return with(traced(file), {"-e", "inject=" + point.call + ":" + fault +
                                         ":when=" + std::to_string(point.when)});
}

static std::vector<std::string> lines_in(const std::string& file) {
    std::vector<std::string> lines;
    std::istringstream text{read_file(file)};
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

std::vector<FaultPoint> points_in(const std::string& file) {
    std::map<std::string, unsigned> counts;
    std::vector<FaultPoint> points;
    for (const std::string& line : lines_in(file)) {
        const auto end = line.find('(');
        if (end == std::string::npos || line.starts_with("+++")) continue;
        const std::string call = line.substr(0, end);
        const unsigned when = ++counts[call];
        const bool only_reads = call == "openat" && line.find("O_CREAT") == std::string::npos;
        if (!only_reads) points.push_back({call, when, line});
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

static std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
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
    void take_rename(const std::string& from, const std::string& to, const std::string& directory);
    void must_be_durable(const std::string& before);

    std::map<std::string, std::string> names_;  // descriptor -> path, as opened
    std::map<std::string, bool> unsynced_;      // last part of the path
    std::set<std::string> new_names_;           // directories whose entries changed
};

void OrderCheck::must_be_durable(const std::string& before) {
    for (const auto& directory : new_names_) {
        faults.push_back("no fsync of directory " + directory + " before " + before);
    }
    new_names_.clear();
}

void OrderCheck::take_rename(const std::string& from, const std::string& to,
                             const std::string& directory) {
    ++renames;
    const auto written = unsynced_.find(last_part(from));
    if (written != unsynced_.end() && written->second) {
        faults.push_back("no fsync of " + from + " before it gets the name " + to);
    }
    // What is on its way out needs no new name that lasts: the next daemon removes it again.
    if (!directory.ends_with("/removing")) new_names_.insert(directory);
}

void OrderCheck::take(const TracedCall& call) {
    if (call.result < 0) return;
    const auto& words = call.arguments;
    if (call.name == "openat") {
        names_[std::to_string(call.result)] = words.at(1);
    } else if (call.name == "write" || call.name == "fallocate") {
        const auto file = names_.find(words.at(0));
        if (file != names_.end()) unsynced_[last_part(file->second)] = true;
        if (words.size() > 1 && words[1].starts_with("started ")) must_be_durable("the outcome");
    } else if (call.name == "fsync") {
        const std::string path = names_[words.at(0)];
        unsynced_[last_part(path)] = false;
        new_names_.erase(words[0]);
        new_names_.erase(path);
    } else if (call.name == "renameat") {
        take_rename(words.at(1), words.at(3), words[2]);
    } else if (call.name == "rename") {
        take_rename(words.at(0), words.at(1), parent_of(words[1]));
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

void trace_shims(const Words& strace) {
    std::string text;
    for (const std::string& word : strace) text += word + "\n";
    if (strace.empty()) {
        ::unsetenv(kVariable);
    } else {
        ::setenv(kVariable, text.c_str(), 1);
    }
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
    start_tracer(::getpid());
    char text[4096];
    while (true) {
        const auto size = check(::pread(status.get(), text, sizeof text, 0), "read", "status");
        const std::string now{text, static_cast<std::size_t>(size)};
        if (now.find("TracerPid:\t0\n") == std::string::npos) break;
        pause_for(std::chrono::microseconds{1000});
    }
    const std::string shim = std::getenv("SLIPWAY_FAULTS_SHIM");
    execute(with({shim}, arguments), current_environment());
}
