#include "stage6-daemon-shim/core/contract/start_shim.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"

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
        if (error != 0) throw SystemError{error, "start the shim"};
    }

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

// A copy with a number that is none of those to which the descriptors are moved.
static Fd out_of_the_way(int fd) {
    return Fd{check(::fcntl(fd, F_DUPFD_CLOEXEC, kOutcomeDescriptor + 1), "fcntl F_DUPFD_CLOEXEC")};
}

StartingShim start_shim(const ShimCommand& command, const ContainerDir& directory, Fd lock) {
    Pipe outcome = make_pipe();
    check(::fcntl(outcome.read_end.get(), F_SETFL, O_NONBLOCK), "fcntl F_SETFL");
    const Fd null{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null")};
    const Fd sources[] = {out_of_the_way(null.get()), out_of_the_way(null.get()),
                          out_of_the_way(null.get()), out_of_the_way(directory.get()),
                          out_of_the_way(lock.get()), out_of_the_way(outcome.write_end.get())};
    SpawnInstructions instructions;
    int number = 0;
    for (const Fd& source : sources) instructions.hand_over(source.get(), number++);

    std::string name = command.name;
    std::string id = command.id;
    std::string start = std::to_string(command.number);
    char* const arguments[] = {name.data(), id.data(), start.data(), nullptr};
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, command.program.c_str(), &instructions.actions,
                                    &instructions.attributes, arguments, environ);
    if (error != 0) throw SystemError{error, "start the shim", name};
    // Our child, and not reaped: the number is surely still its own.
    Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    return {pid, std::move(process), std::move(outcome.read_end)};
}
