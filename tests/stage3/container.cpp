#include "tests/stage3/container.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "common/file.hpp"

static constexpr const char* kOrdinaryUser = "65534";

static bool is_same_file(const std::string& one, const std::string& other) {
    std::error_code error;  // one that is missing is the same as none
    return std::filesystem::equivalent(one, other, error);
}

// The stage whose command line program(stage) has. Where a reader's own program is checked, or
// $STAGE3 names it, a later stage's program stands for an earlier one: it has to do all that the
// earlier one does, and wants a root besides.
static int stage_of_command_line(int stage) {
    if (checked_stage() > stage) return checked_stage();
    for (const int later : {4, 5}) {
        if (later > stage && is_same_file(program(stage), program(later))) return later;
    }
    return stage;
}

static std::vector<int> stages_from(int first) {
    if (checked_stage() > 0) return {first};
    std::vector<int> stages;
    for (int stage = first; stage <= 5; ++stage) {
        if (stage == first || file_exists(program(stage))) stages.push_back(stage);
    }
    return stages;
}

std::vector<int> container_stages() {
    return stages_from(3);
}

std::vector<int> stages_with_roots() {
    return stages_from(4);
}

static bool can_make_user_namespace() {
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) ::_exit(::unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
    return Child{pid}.wait() == 0;
}

void need_user_namespaces() {
    if (!can_make_user_namespace()) skip("this machine forbids user namespaces to us");
}

static std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

StageContainer::StageContainer(int stage)
    : program_{program(stage)}, stage_{stage_of_command_line(stage)} {
    if (!is_root()) need_user_namespaces();
    place_ = temporary_directory();
    if (has_root()) std::filesystem::copy_file(probe(), outside("probe"));
}

std::string program_name(int stage) {
    return last_part(program(stage));
}

std::string StageContainer::name() const {
    return last_part(program_);
}

std::string StageContainer::inside(const std::string& name) const {
    return has_root() ? "/" + name : outside(name);
}

std::string StageContainer::probe_inside() const {
    return has_root() ? "/probe" : probe();
}

Words StageContainer::command(const Words& command, const Words& options) const {
    Words all{program_, "run", "--quiet"};
    if (stage_ == 4) all.insert(all.end(), {"--rootfs", place_});
    all.insert(all.end(), options.begin(), options.end());
    all.push_back(stage_ == 5 ? place_ : "--");
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

Words StageContainer::probing(const Words& verb, const Words& options) const {
    Words words{probe_inside()};
    words.insert(words.end(), verb.begin(), verb.end());
    return command(words, options);
}

Words StageContainer::only(const std::string& kinds) const {
    return {"--only", kinds + (has_root() ? ",mnt" : "")};
}

Words as_ordinary_user(Words command) {
    if (!is_root()) return command;
    const std::string copy = temporary_directory() + "/" + last_part(command[0]);
    std::filesystem::copy_file(command[0], copy);
    command[0] = copy;
    Words all{"setpriv", "--reuid", kOrdinaryUser, "--regid", kOrdinaryUser, "--clear-groups"};
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

std::string shared_temporary_directory(RunOptions& options) {
    const std::string directory = temporary_directory();
    check(::chmod(directory.c_str(), 0777), "chmod", directory);
    options.environment.push_back("TMPDIR=" + directory);
    return directory;
}

// A line of /proc/PID/status, its words: {"NSpid:", "123", "1"}.
static Words status_line(const std::string& process, const std::string& name) {
    try {
        std::istringstream text{read_file("/proc/" + process + "/status")};
        for (std::string line; std::getline(text, line);) {
            if (!line.starts_with(name + ":")) continue;
            std::istringstream stream{line};
            Words words;
            for (std::string word; stream >> word;) words.push_back(word);
            return words;
        }
    } catch (const SystemError&) {
        return {};  // it has ended meanwhile
    }
    return {};
}

pid_t first_process_of(pid_t runner) {
    pid_t found = 0;
    const auto look = [&] {
        for (const auto& name : names_in("/proc")) {
            if (name.find_first_not_of("0123456789") != std::string::npos) continue;
            const Words parent = status_line(name, "PPid");
            const Words numbers = status_line(name, "NSpid");
            const bool is_first = numbers.size() > 2 && numbers.back() == "1";
            if (is_first && parent.size() == 2 && parent[1] == std::to_string(runner)) {
                found = static_cast<pid_t>(std::stol(name));
            }
        }
        return found != 0;
    };
    wait_until(look, "the first process of the container");
    return found;
}

bool is_alive(pid_t pid) {
    const Words state = status_line(std::to_string(pid), "State");
    return state.size() > 1 && state[1] != "Z" && state[1] != "X";
}

// Field 10 of /proc/PID/stat; what stands before field 3 is a name in parentheses.
static unsigned long page_faults_of(pid_t pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream fields{status.substr(status.rfind(')') + 1)};
    std::string word;
    for (int field = 3; field <= 10; ++field) fields >> word;
    return std::stoul(word);
}

void wait_for_page_faults(const Process& process, unsigned long faults, std::string_view started) {
    const auto end = std::chrono::steady_clock::now() + patient(std::chrono::seconds{30});
    while (page_faults_of(process.pid()) < faults &&
           process.out().find(started) == std::string::npos) {
        if (std::chrono::steady_clock::now() > end) throw Failure{"the program does not start"};
    }
}

void make_file(const std::string& path, std::string_view content, unsigned mode) {
    write_file(path, content);
    check(::chmod(path.c_str(), mode), "chmod", path);
}

Words names_in(const std::string& directory) {
    Words names;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
}

std::string fault_of_line(const std::string& text, const Words& words) {
    if (std::ranges::count(text, '\n') != 1 || text.back() != '\n') return "not one line: " + text;
    for (const auto& word : words) {
        if (text.find(word) == std::string::npos) return "does not say '" + word + "': " + text;
    }
    return {};
}

std::string fault_of_message(const std::string& text, const std::string& name, const Words& words) {
    if (!text.starts_with(name + ": ")) return "does not begin with '" + name + ": ': " + text;
    return fault_of_line(text, words);
}

unsigned random_number(unsigned largest) {
    unsigned number = 0;
    for (const char letter : random_name()) number = number * 36 + static_cast<unsigned>(letter);
    return number % (largest + 1);
}
