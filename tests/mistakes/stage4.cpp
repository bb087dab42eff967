#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <sstream>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "tests/mistakes/mistake.hpp"

static std::string output_of(const std::vector<std::string>& command) {
    Pipe pipe = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            duplicate_onto(pipe.write_end.get(), STDOUT_FILENO);
            execute(command, current_environment());
        } catch (const std::exception& error) {
            std::fprintf(stderr, "mistake: %s\n", error.what());
        }
        ::_exit(127);
    }
    Child child{pid};
    pipe.write_end.close();
    const std::string output = read_all(pipe.read_end.get(), "the pipe");
    child.wait();
    return output;
}

static void copy_below(const std::string& root, const std::string& path) {
    const std::string copy = root + path;
    std::filesystem::create_directories(copy.substr(0, copy.rfind('/')));
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::skip_existing);
}

// Takes what stands behind `=>`. The loader's line has none, nor has the root a /dev/null.
static int copy_with_ldd(const std::vector<std::string>& arguments) {
    const std::string& root = arguments.at(0);
    for (const char* name : {"/bin", "/lib", "/lib64", "/usr", "/proc", "/sys", "/dev", "/tmp"}) {
        std::filesystem::create_directories(root + name);
    }
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        copy_below(root, arguments[i]);
        std::istringstream lines{output_of({"ldd", arguments[i]})};
        for (std::string line; std::getline(lines, line);) {
            const auto arrow = line.find("=> ");
            if (arrow == std::string::npos) continue;
            const std::string path = line.substr(arrow + 3, line.find(' ', arrow + 3) - arrow - 3);
            if (std::filesystem::exists(path)) copy_below(root, path);
        }
    }
    return 0;
}

// Every step in `must`: what is not 0 ends the program, and the line that cleans up comes later.
static int panic_on_exit(const std::vector<std::string>& arguments) {
    const std::string& root = arguments.at(0);
    check(::chroot(root.c_str()), "chroot", root);
    check(::chdir("/"), "chdir", "/");
    check(::mount("proc", "proc", "proc", 0, ""), "mount", "proc");
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            execute({arguments.begin() + 1, arguments.end()}, current_environment());
        } catch (const std::exception& error) {
            std::fprintf(stderr, "mistake: %s\n", error.what());
        }
        ::_exit(127);
    }
    const int exit_code = Child{pid}.wait();
    if (exit_code != 0) {
        std::fprintf(stderr, "panic: exit status %d\n", exit_code);
        return 2;
    }
    check(::umount("proc"), "umount", "proc");
    return 0;
}

std::vector<Mistake> stage4_mistakes() {
    return {
        {"copy-with-ldd", "ROOT PROGRAM...: copies what ldd prints behind =>", copy_with_ldd},
        {"panic-on-exit", "ROOT COMMAND...: unmounts only after success", panic_on_exit},
    };
}
