#include "stage6-daemon-shim/core/shim/last_processes.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "common/error.hpp"
#include "common/file.hpp"

// The numbers of our children, separated by blanks. Empty where the kernel was built without this
// file; then those that are left are waited for, and not killed.
static std::string children() {
    try {
        return read_file("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    } catch (const SystemError&) {
        return {};
    }
}

bool reap_and_kill_children() {
    pid_t reaped = 0;
    do {
        reaped = ::waitpid(-1, nullptr, WNOHANG);
    } while (reaped > 0);
    if (reaped == -1) return false;  // ECHILD: none is left
    const std::string numbers = children();
    const char* const end = numbers.data() + numbers.size();
    for (const char* at = numbers.data(); at < end; ++at) {
        pid_t pid = 0;
        at = std::from_chars(at, end, pid).ptr;
        // Children of ours that are not reaped: their numbers are surely their own.
        if (pid > 0) ::kill(pid, SIGKILL);
    }
    return true;
}
