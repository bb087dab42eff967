#include "stage6-daemon-shim/core/contract/spawn_program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.hpp"

// posix_spawn(3) takes its instructions in two objects; it returns errno values.
class SpawnInstructions {
public:
    SpawnInstructions() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        ::posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    }
    SpawnInstructions(const SpawnInstructions&) = delete;
    SpawnInstructions& operator=(const SpawnInstructions&) = delete;
    ~SpawnInstructions() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }

    void hand_over(int fd, int number) {
        const int error = ::posix_spawn_file_actions_adddup2(&actions, fd, number);
        if (error != 0) throw SystemError{error, "posix_spawn_file_actions_adddup2"};
    }

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

SpawnedProgram spawn_program(const std::string& file, std::vector<std::string> arguments,
                             const std::vector<int>& descriptors) {
    const Fd null{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null")};
    // Copies whose numbers are none of those to which the descriptors are moved.
    const int first_free = static_cast<int>(descriptors.size());
    std::vector<Fd> sources;
    SpawnInstructions instructions;
    for (const int fd : descriptors) {
        const int source = fd == -1 ? null.get() : fd;
        sources.emplace_back(
            check(::fcntl(source, F_DUPFD_CLOEXEC, first_free), "fcntl F_DUPFD_CLOEXEC"));
        instructions.hand_over(sources.back().get(), static_cast<int>(sources.size()) - 1);
    }
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, file.c_str(), &instructions.actions,
                                    &instructions.attributes, words.data(), environ);
    if (error != 0) throw SystemError{error, "start", arguments[0]};
    // Our child, and not reaped: the number is surely still its own.
    Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (process) return {pid, std::move(process)};
    const int reason = errno;  // no descriptor is free: nobody could tell when it ends
    ::kill(pid, SIGKILL);
    retry([&] { return ::waitpid(pid, nullptr, 0); });
    throw SystemError{reason, "pidfd_open", arguments[0]};
}
