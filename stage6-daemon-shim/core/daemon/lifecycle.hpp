// The verbs that change a container's state, and what is done when its shim ends.
#pragma once

#include <string>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/records.hpp"
#include "stage6-daemon-shim/core/daemon/announcements.hpp"
#include "stage6-daemon-shim/core/daemon/container_table.hpp"
#include "stage6-daemon-shim/core/daemon/sealed_program.hpp"

class Lifecycle {
public:
    // `shim_program` is a path. Throws SystemError when it cannot be read.
    Lifecycle(EventLoop& loop, ContainerTable& table, const Announcements& announcements,
              std::string shim_program);

    // Each judges the state first (state_machine.hpp), and returns false where it is so already.
    // Throw HttpError with Docker's words. They run to their end also when nobody waits any more.
    Task<bool> start(ContainerPointer container, std::string as_given);
    Task<bool> stop(ContainerPointer container, std::string as_given, int signal, long seconds);
    Task<void> kill(ContainerPointer container, std::string as_given, int signal);
    Task<void> remove(ContainerPointer container, std::string as_given, bool force);

    // A container that ran when the daemon began: waits for the end of its shim.
    void watch(ContainerPointer container, Fd shim, pid_t shim_pid);

    // The shim of start number N has ended. Reads the exit record; where there is none, the shim
    // died: what is left of the container is killed and removed, and its code is 255.
    void finish(ContainerPointer container, unsigned number);

private:
    Task<void> start_once(ContainerPointer container, std::string as_given);
    Task<void> watch_shim(ContainerPointer container, Fd shim, pid_t shim_pid);
    Task<void> signal(ContainerPointer container, int signal);
    Task<void> kill_and_wait(ContainerPointer container, std::string as_given);
    Task<bool> wait_until_stopped(ContainerPointer container, Deadline deadline);
    void fail_start(ContainerPointer container, int exit_code, const std::string& error);
    void remove_now(ContainerPointer container);

    EventLoop& loop_;
    ContainerTable& table_;
    const Announcements& announcements_;
    SealedProgram shim_program_;
    std::string shim_name_;
};

// "TERM", "SIGTERM", "sigterm" or "15". Throws HttpError 400 `invalid signal: FOO`.
int parse_signal(const std::string& text);
