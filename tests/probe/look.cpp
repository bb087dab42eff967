// What a process can see of itself and of the world.
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "tests/probe/probe.hpp"

static constexpr int kDescriptorsMax = 65536;

static std::string link_target(const std::string& path) {
    std::array<char, 4096> target;
    const auto length =
        check(::readlink(path.c_str(), target.data(), target.size()), "readlink", path);
    return {target.data(), static_cast<std::size_t>(length)};
}

static std::vector<std::string> names_in(const std::string& directory) {
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) throw SystemError{errno, "opendir", directory};
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(stream);
    std::ranges::sort(names);
    return names;
}

static std::string octal(unsigned number) {
    std::string digits;
    for (; number != 0 || digits.size() < 4; number /= 8) {
        digits.insert(digits.begin(), static_cast<char>('0' + number % 8));
    }
    return digits;
}

static std::string type_of(mode_t mode) {
    if (S_ISREG(mode)) return "file";
    if (S_ISDIR(mode)) return "directory";
    if (S_ISLNK(mode)) return "link";
    if (S_ISCHR(mode)) return "char";
    if (S_ISBLK(mode)) return "block";
    if (S_ISFIFO(mode)) return "fifo";
    return "socket";
}

static std::string device_number(dev_t device) {
    return std::to_string(major(device)) + ":" + std::to_string(minor(device));
}

static int list_descriptors(const Arguments&) {
    std::string numbers;
    for (int fd = 0; fd < kDescriptorsMax; ++fd) {
        if (::fcntl(fd, F_GETFD) != -1) numbers += std::to_string(fd) + "\n";
    }
    print(numbers);
    return 0;
}

static int list_interfaces(const Arguments&) {
    const Fd socket{check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")};
    struct if_nameindex* const interfaces = ::if_nameindex();
    if (interfaces == nullptr) throw SystemError{errno, "if_nameindex"};
    for (const auto* one = interfaces; one->if_name != nullptr; ++one) {
        ifreq request{};
        std::string_view{one->if_name}.copy(request.ifr_name, IFNAMSIZ - 1);
        check(::ioctl(socket.get(), SIOCGIFFLAGS, &request), "ioctl", one->if_name);
        const bool up = (request.ifr_flags & IFF_UP) != 0;
        say(std::string{one->if_name} + (up ? " up" : " down"));
    }
    ::if_freenameindex(interfaces);
    return 0;
}

static int list_devices(const Arguments&) {
    for (const std::string& name : names_in("/dev")) {
        const std::string path = "/dev/" + name;
        struct stat status {};
        check(::lstat(path.c_str(), &status), "lstat", path);
        std::string line = name + " " + type_of(status.st_mode);
        if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
            line += " " + device_number(status.st_rdev);
        }
        if (S_ISLNK(status.st_mode)) line += " " + link_target(path);
        say(line);
    }
    return 0;
}

static int show_signals(const Arguments&) {
    sigset_t mask;
    check(::sigprocmask(SIG_SETMASK, nullptr, &mask), "sigprocmask");
    std::string blocked = "blocked:";
    std::string ignored = "ignored:";
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action {};
        if (::sigismember(&mask, number) == 1) blocked += " " + std::to_string(number);
        if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
            ignored += " " + std::to_string(number);
        }
    }
    say(blocked);
    say(ignored);
    return 0;
}

static int count_zombies(const Arguments&) {
    int count = 0;
    for (const std::string& name : names_in("/proc")) {
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        try {
            const std::string status = read_file("/proc/" + name + "/stat");
            if (status.substr(status.rfind(')')).starts_with(") Z")) ++count;
        } catch (const SystemError&) {
            continue;  // it has ended meanwhile
        }
    }
    say(std::to_string(count));
    return 0;
}

static int show_status(const Arguments& arguments) {
    struct stat status {};
    check(::lstat(arguments[0].c_str(), &status), "lstat", arguments[0]);
    std::string line = type_of(status.st_mode) + " " + octal(status.st_mode & 07777u) + " " +
                       std::to_string(status.st_uid) + " " + std::to_string(status.st_gid) + " " +
                       std::to_string(status.st_size);
    if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
        line += " " + device_number(status.st_rdev);
    }
    say(line);
    return 0;
}

static int show_hostname(const Arguments&) {
    std::array<char, 256> name{};
    check(::gethostname(name.data(), name.size() - 1), "gethostname");
    say(name.data());
    return 0;
}

static int show_directory(const Arguments&) {
    std::array<char, 4096> path{};
    if (::getcwd(path.data(), path.size()) == nullptr) throw SystemError{errno, "getcwd"};
    say(path.data());
    return 0;
}

static int say_each(const Arguments& lines) {
    for (const auto& line : lines) say(line);
    return 0;
}

static int say_number(long number) {
    say(std::to_string(number));
    return 0;
}

static int show_file(const Arguments& arguments) {
    print(read_file(arguments[0]));
    return 0;
}

std::vector<Verb> looking_verbs() {
    return {
        {"pid", "", "its process number", [](auto&) { return say_number(::getpid()); }},
        {"ppid", "", "its parent's", [](auto&) { return say_number(::getppid()); }},
        {"uid", "", "user and group: 0 0",
         [](auto&) {
             return say_each({std::to_string(::getuid()) + " " + std::to_string(::getgid())});
         }},
        {"fds", "", "its open descriptors, one a line", list_descriptors},
        {"args", "[WORD]", "its arguments, one a line", say_each},
        {"env", "", "its environment, one a line",
         [](auto&) { return say_each(current_environment()); }},
        {"cwd", "", "its directory", show_directory},
        {"hostname", "", "the host's name", show_hostname},
        {"ns", "KIND", "the namespace: pid:[4026531836]",
         [](auto& words) { return say_each({link_target("/proc/self/ns/" + words[0])}); }},
        {"mounts", "", "its mountinfo", [](auto&) { return show_file({"/proc/self/mountinfo"}); }},
        {"interfaces", "", "lo up", list_interfaces},
        {"devices", "", "what /dev holds: null char 1:3", list_devices},
        {"signal-mask", "", "blocked and ignored signals", show_signals},
        {"zombies", "", "how many there are in /proc", count_zombies},
        {"ls", "DIR", "sorted names", [](auto& words) { return say_each(names_in(words[0])); }},
        {"cat", "PATH", "the content", show_file},
        {"stat", "PATH", "type, mode, uid, gid, size, [major:minor]", show_status},
    };
}
