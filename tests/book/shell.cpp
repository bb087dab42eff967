#include "tests/book/shell.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/tcp_socket.hpp"

static constexpr const char* kOrdinaryUser = "65534";

static const std::vector<std::string>& as_ordinary_user() {
    static const std::vector<std::string> words{"setpriv", "--reuid",     kOrdinaryUser,
                                                "--regid", kOrdinaryUser, "--clear-groups"};
    return words;
}

// A directory that whoever types owns, and root can use anyway.
static void make_users_directory(const std::string& path) {
    make_directories(path);
    if (is_root()) check(::chown(path.c_str(), 65534, 65534), "chown", path);
}

// A network with nothing but a loopback interface. False where there can be none.
static bool enter_own_network() {
    if (!is_root() || ::unshare(CLONE_NEWNET) == -1) return false;
    const Fd socket{check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")};
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "ioctl SIOCSIFFLAGS", "lo");
    return true;
}

// Below those that the kernel gives to whoever asks for any (ip_local_port_range, ip(7)): a case
// beside this one could get it before the chapter's program does.
static std::string free_port() {
    std::random_device random;
    while (true) {
        const auto port = static_cast<std::uint16_t>(10000 + random() % 20000);
        try {
            listen_tcp({"127.0.0.1", port});
            return std::to_string(port);
        } catch (const SystemError& error) {
            if (error.error() != EADDRINUSE) throw;
        }
    }
}

static bool user_can_reach(const std::string& program) {
    if (!is_root()) return true;
    auto command = as_ordinary_user();
    command.insert(command.end(), {"test", "-x", program});
    return run(command).exit_code == 0;
}

static void copy_programs(const std::string& from, const std::string& to) {
    std::filesystem::create_directories(to);
    for (const auto& entry : std::filesystem::directory_iterator{from}) {
        const std::string path = entry.path().string();
        if (!entry.is_regular_file() || ::access(path.c_str(), X_OK) == -1) continue;
        std::filesystem::copy_file(path, to + "/" + entry.path().filename().string());
    }
}

// build/, or a copy of its programs where somebody shut a directory on the way to it.
static std::string programs_for_everybody(const std::string& top) {
    const std::string build = std::filesystem::absolute(built("")).parent_path().string();
    if (user_can_reach(build + "/tests/mistake")) return build;
    const std::string copy = top + "/build";
    copy_programs(build, copy);
    copy_programs(build + "/tests", copy + "/tests");
    return copy;
}

Shell::Shell(bool keep_port)
    : top_{temporary_directory()}, programs_{programs_for_everybody(top_)} {
    if (!enter_own_network() && !keep_port) port_ = free_port();
    make_users_directory(top_ + "/home");
    make_users_directory(top_ + "/tmp");
    check(::chmod((top_ + "/tmp").c_str(), 01777), "chmod", top_);
    start_section();
}

void Shell::start_section() {
    section_ = top_ + "/" + std::to_string(++sections_);
    make_users_directory(section_);
    make_users_directory(section_ + "/here");
    check(::symlink(programs_.c_str(), (section_ + "/here/build").c_str()), "symlink", programs_);
}

static void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

std::string Shell::translated(std::string text) const {
    replace_all(text, "8080", port_);
    replace_all(text, "/tmp/demo", section_ + "/demo");
    return text;
}

std::vector<std::string> Shell::command_line(const ConsoleCommand& command) const {
    std::vector<std::string> words;
    if (is_root() && !command.as_root) words = as_ordinary_user();
    const std::string user = command.as_root ? "root" : "nobody";
    words.insert(words.end(), {"env", "-i", "HOME=" + top_ + "/home", "TMPDIR=" + top_ + "/tmp",
                               "PATH=" + programs_ + ":" + programs_ +
                                   "/tests:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                   "/sbin:/bin",
                               "USER=" + user, "LOGNAME=" + user, "LC_ALL=C.UTF-8", "TERM=dumb",
                               "sh", "-c", "exec 2>&1\n" + translated(command.text)});
    return words;
}

RunOptions Shell::options(std::chrono::milliseconds deadline) const {
    return {.directory = section_ + "/here", .deadline = deadline};
}

Result Shell::type(const ConsoleCommand& command, std::chrono::milliseconds deadline) const {
    return run(command_line(command), options(deadline));
}

std::unique_ptr<Process> Shell::start(const ConsoleCommand& command) const {
    return std::make_unique<Process>(command_line(command), options(std::chrono::seconds{60}));
}
