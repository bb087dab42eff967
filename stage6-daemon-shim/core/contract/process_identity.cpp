#include "stage6-daemon-shim/core/contract/process_identity.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>

#include "common/error.hpp"
#include "common/file.hpp"

std::string boot_id() {
    std::string id = read_file("/proc/sys/kernel/random/boot_id");
    while (id.ends_with('\n')) id.pop_back();
    return id;
}

// From a field on. The name in field 2 may hold anything, blanks and parentheses too: count from
// its end.
static std::string_view stat_from(std::string_view stat, int wanted) {
    std::size_t at = stat.rfind(')');
    for (int field = 2; field < wanted && at != std::string_view::npos; ++field) {
        at = stat.find(' ', at + 1);
    }
    return at == std::string_view::npos ? std::string_view{} : stat.substr(at + 1);
}

static std::string stat_of(pid_t pid) {
    return read_file("/proc/" + std::to_string(pid) + "/stat");
}

ProcessIdentity identity_of(pid_t pid) {
    const std::string stat = stat_of(pid);
    const std::string_view start_time = stat_from(stat, 22);
    std::uint64_t ticks = 0;
    std::from_chars(start_time.data(), start_time.data() + start_time.size(), ticks);
    return {pid, ticks};
}

char state_of(pid_t pid) {
    try {
        const std::string stat = stat_of(pid);
        const std::string_view state = stat_from(stat, 3);
        return state.empty() ? '?' : state[0];
    } catch (const SystemError&) {
        return '?';
    }
}

Fd open_process(const ProcessIdentity& process, const std::string& boot) {
    if (process.pid <= 0 || boot != boot_id()) return {};
    Fd descriptor{static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0))};
    if (!descriptor) {
        if (errno == ESRCH) return {};
        throw SystemError{errno, "pidfd_open", std::to_string(process.pid)};
    }
    // The descriptor first, then the look: from here on the number cannot change hands.
    try {
        if (identity_of(process.pid) == process) return descriptor;
    } catch (const SystemError&) {
        // It has ended just now.
    }
    return {};
}

bool kill_process(const ProcessIdentity& process, const std::string& boot) {
    const Fd descriptor = open_process(process, boot);
    if (!descriptor) return false;
    if (::syscall(SYS_pidfd_send_signal, descriptor.get(), SIGKILL, nullptr, 0) == 0) return true;
    if (errno == ESRCH) return false;
    throw SystemError{errno, "kill", std::to_string(process.pid)};
}
