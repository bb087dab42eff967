#include "stage6-daemon-shim/features/observe/process_table.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/orphans.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

// The places behind the name of /proc/PID/stat, whose field 3 is the first of them (proc(5)).
enum StatField : std::size_t {
    kState = 0,
    kParent = 1,
    kGroup = 2,
    kSession = 3,
    kTerminal = 4,
    kForegroundGroup = 5,
    kUserTime = 11,
    kSystemTime = 12,
    kPriority = 15,
    kNice = 16,
    kThreads = 17,
    kStartTime = 19,
    kVirtualBytes = 20,
    kResidentPages = 21,
    kStatFields = 22
};

template <class Number>
static Number number_of(std::string_view word) {
    Number number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    return number;
}

static bool take_stat(const std::string& text, ProcessFacts& facts) {
    const auto open = text.find('(');
    const auto close = text.rfind(')');  // the name may hold any byte
    if (open == std::string::npos || close == std::string::npos) return false;
    facts.name = text.substr(open + 1, close - open - 1);
    const auto words = words_of(std::string_view{text}.substr(close + 1));
    if (words.size() < kStatFields) return false;
    facts.state = words[kState][0];
    facts.parent = number_of<pid_t>(words[kParent]);
    facts.group = number_of<pid_t>(words[kGroup]);
    facts.session = number_of<pid_t>(words[kSession]);
    facts.terminal = number_of<int>(words[kTerminal]);
    facts.foreground_group = number_of<pid_t>(words[kForegroundGroup]);
    facts.priority = number_of<long>(words[kPriority]);
    facts.nice = number_of<long>(words[kNice]);
    facts.threads = number_of<long>(words[kThreads]);
    facts.cpu_ticks =
        number_of<std::uint64_t>(words[kUserTime]) + number_of<std::uint64_t>(words[kSystemTime]);
    facts.started_ticks = number_of<std::uint64_t>(words[kStartTime]);
    facts.virtual_bytes = number_of<std::uint64_t>(words[kVirtualBytes]);
    facts.resident_bytes = number_of<std::uint64_t>(words[kResidentPages]) *
                           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return true;
}

// "Uid:\t0\t0\t0\t0": the real one, then the effective one.
static unsigned effective_id(const std::string& status, std::string_view label) {
    const auto line = status.find("\n" + std::string{label});
    if (line == std::string::npos) return 0;
    const auto end = status.find('\n', line + 1);
    const auto words = words_of(std::string_view{status}.substr(line, end - line), "\n\t ");
    return words.size() < 3 ? 0 : number_of<unsigned>(words[2]);
}

std::optional<ProcessFacts> read_process(pid_t pid) try {
    const std::string directory = "/proc/" + std::to_string(pid);
    ProcessFacts facts;
    facts.pid = pid;
    if (!take_stat(read_file(directory + "/stat"), facts)) return {};
    const std::string status = read_file(directory + "/status");
    facts.user = effective_id(status, "Uid:");
    facts.user_group = effective_id(status, "Gid:");
    facts.command = read_file(directory + "/cmdline");
    while (!facts.command.empty() && facts.command.back() == '\0') facts.command.pop_back();
    std::ranges::replace(facts.command, '\0', ' ');
    return facts;
} catch (const SystemError&) {
    return {};  // ENOENT, ESRCH: it has ended between two of our calls
}

std::vector<std::string> groups_of(const Container& container) {
    const Json* spec = container.config.find("spec");
    if (spec == nullptr) return {};
    std::vector<std::string> groups = parse_spec(*spec).cgroups;
    std::erase_if(groups, [](const auto& group) { return !file_exists(group); });
    return groups;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

// Of the group and of those that the container has made below it.
static void add_members(const std::string& group, std::vector<pid_t>& pids) {
    try {
        for (const auto& word : words_of(read_file(group + "/cgroup.procs"))) {
            pids.push_back(number_of<pid_t>(word));
        }
    } catch (const SystemError&) {
        return;  // removed meanwhile; or threaded, and those above it name its processes
    }
    const Directory directory{::opendir(group.c_str())};
    if (directory == nullptr) return;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string name = entry->d_name;
        if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
        add_members(group + "/" + name, pids);
    }
}

static void add_descendants(pid_t of, const std::multimap<pid_t, pid_t>& children,
                            std::vector<pid_t>& pids) {
    const auto [first, last] = children.equal_range(of);
    for (auto child = first; child != last; ++child) {
        pids.push_back(child->second);
        add_descendants(child->second, children, pids);
    }
}

static std::multimap<pid_t, pid_t> all_children() {
    std::multimap<pid_t, pid_t> children;
    const Directory directory{::opendir("/proc")};
    if (directory == nullptr) throw SystemError{errno, "opendir", "/proc"};
    while (const dirent* entry = ::readdir(directory.get())) {
        const auto pid = number_of<pid_t>(entry->d_name);
        if (pid > 0) children.emplace(parent_of(pid), pid);
    }
    return children;
}

std::vector<pid_t> processes_of(const Container& container) {
    std::vector<pid_t> pids;
    for (const auto& group : groups_of(container)) {
        add_members(group, pids);
        if (!pids.empty()) break;
    }
    if (pids.empty()) {
        const pid_t shim = parent_of(static_cast<pid_t>(container.pid));
        if (shim > 1) add_descendants(shim, all_children(), pids);
    }
    std::ranges::sort(pids);
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return pids;
}
