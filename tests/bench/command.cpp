#include "tests/bench/command.hpp"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/bench/group_places.hpp"
#include "tests/bench/statistics.hpp"

static Fd own_mounts() {
    const auto path = "/proc/self/ns/mnt";
    return Fd{check(::open(path, O_RDONLY | O_CLOEXEC), "open", path)};
}

PrivateView::PrivateView() {
    if (::geteuid() != 0 || group_layout() != "hybrid") return;
    host_ = own_mounts();
    directory_ = Fd{check(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), "open", ".")};
    check(::unshare(CLONE_NEWNS), "unshare", "mnt");
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount private", "/");
    ::mount("tmpfs", "/sys/fs/cgroup/unified", "tmpfs", 0, nullptr);
    hidden_ = own_mounts();
    leave();
}

void PrivateView::enter() const {
    if (hidden_) check(::setns(hidden_.get(), CLONE_NEWNS), "setns", "the private view");
}

void PrivateView::leave() const {
    if (!host_) return;
    check(::setns(host_.get(), CLONE_NEWNS), "setns", "the host's mounts");
    check(::fchdir(directory_.get()), "fchdir", "where we were");
}

Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

static Words with_number(Words words) {
    static int number = 0;
    const std::string text = std::to_string(::getpid()) + "-" + std::to_string(++number);
    for (std::string& word : words) {
        if (const auto at = word.find("$i"); at != word.npos) word.replace(at, 2, text);
    }
    return words;
}

// posix_spawn(3) does not copy our memory, so that the size of this program does not count.
static Child spawn(Words words, int input, int output) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (input == -1) {
        ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    } else {
        ::posix_spawn_file_actions_adddup2(&actions, input, 0);
    }
    if (output == -1) {
        ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    } else {
        ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    }
    if (std::getenv("SLIPWAY_BENCH_VERBOSE") == nullptr) {
        ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    }
    pid_t pid = 0;
    const int error =
        ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw SystemError{error, "start", words[0]};
    return Child{pid};
}

Child start_program(const Words& words, int input) {
    return spawn(words, input, -1);
}

double time_command(const Command& command, const PrivateView& view) {
    const auto words = with_number(command.words);
    if (command.in_private_view) view.enter();
    const double start = now_ms();
    Child child = spawn(words, -1, -1);
    const int exit_code = child.wait();
    const double duration = now_ms() - start;
    if (command.in_private_view) view.leave();
    if (exit_code == 0) return duration;
    throw Failure{words[0] + " ended with exit code " + std::to_string(exit_code)};
}

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream directories{(path == nullptr ? "" : std::string{path}) +
                                   ":/usr/bin:/usr/sbin:/sbin"};
    for (std::string directory; std::getline(directories, directory, ':');) {
        const std::string candidate = directory + "/" + name;
        if (!directory.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

std::string version_of(const std::string& path) {
    Pipe pipe = make_pipe();
    Child child = spawn({path, "--version"}, -1, pipe.write_end.get());
    pipe.write_end.close();
    const std::string text = read_all(pipe.read_end.get(), path);
    child.wait();
    return text.substr(0, text.find('\n'));
}

ScratchDirectory::ScratchDirectory() {
    const char* place = std::getenv("TMPDIR");
    path_ = std::string{place == nullptr ? "/tmp" : place} + "/slipway-bench-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw SystemError{errno, "mkdtemp", path_};
    check(::chmod(path_.c_str(), 0755), "chmod", path_);
}

ScratchDirectory::~ScratchDirectory() {
    std::error_code ignored;  // nothing is mounted below it: all mounts are in other namespaces
    std::filesystem::remove_all(path_, ignored);
}

std::string make_small_root(const std::string& directory, const std::string& program) {
    const std::string root = directory + "/root";
    for (const char* name : {"/bin", "/proc", "/sys", "/dev", "/tmp"}) {
        make_directories(root + name);
    }
    std::filesystem::copy_file(program, root + "/bin/true",
                               std::filesystem::copy_options::overwrite_existing);
    return root;
}
