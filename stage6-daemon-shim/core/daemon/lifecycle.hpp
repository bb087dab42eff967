// The verbs that change a container's state, and what is done when its shim ends.
#pragma once

#include <span>
#include <string>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/records.hpp"
#include "stage6-daemon-shim/core/daemon/announcements.hpp"
#include "stage6-daemon-shim/core/daemon/container_table.hpp"
#include "stage6-daemon-shim/core/daemon/feature.hpp"
#include "stage6-daemon-shim/core/daemon/sealed_program.hpp"

// How a container is asked to end.
struct StopRequest {
    int signal = 0;
    long seconds = 0;  // of grace before SIGKILL; negative: for ever
};

class Lifecycle {
public:
    // `shim_program` is a path. Throws SystemError when it cannot be read.
    Lifecycle(EventLoop& loop, ContainerTable& table, const Announcements& announcements,
              std::span<const DaemonFeature> features, std::string shim_program);

    // Each judges the state first (state_machine.hpp), and returns false where it is so already.
    // Throw HttpError with Docker's words. They run to their end also when nobody waits any more.
    Task<bool> start(ContainerPointer container, std::string as_given);
    Task<bool> stop(ContainerPointer container, std::string as_given, StopRequest request);
    Task<void> restart(ContainerPointer container, std::string as_given, StopRequest request);
    Task<void> kill(ContainerPointer container, std::string as_given, int signal);
    Task<void> pause(ContainerPointer container, std::string as_given);
    Task<void> unpause(ContainerPointer container, std::string as_given);
    Task<void> remove(ContainerPointer container, std::string as_given, bool force);

    // A container that ran when the daemon began: waits for the end of its shim.
    void watch(ContainerPointer container, Fd shim, pid_t shim_pid);

    // The shim of start number N has ended. Reads the exit record; where there is none, the shim
    // died, and the code is 255. What then follows - a restart, a removal - is begun.
    void finish(ContainerPointer container, unsigned number, Learned learned);

private:
    // lifecycle.cpp
    Task<void> others_are_done(ContainerPointer container);
    void forget_the_last_run(Container& container);
    Task<void> start_marked(ContainerPointer container);
    Task<void> start_once(ContainerPointer container);
    Task<void> remove_left_cgroups(ContainerPointer container);
    Task<void> undo_start(ContainerPointer container, unsigned number);
    Task<void> fail_start(ContainerPointer container, int exit_code, std::string error);
    void want_stopped(Container& container);

    // lifecycle_end.cpp
    Task<void> signal(ContainerPointer container, int signal);
    Task<void> end(ContainerPointer container, std::string as_given, StopRequest request);
    Task<void> kill_and_wait(ContainerPointer container, std::string as_given);
    Task<bool> wait_for_end(ContainerPointer container, unsigned exits, Deadline deadline);
    Task<void> watch_shim(ContainerPointer container, Fd shim, pid_t shim_pid);
    void announce_end(const Container& container) const;
    bool begin_restart(ContainerPointer container, Learned learned);
    Task<void> restart_later(ContainerPointer container, std::chrono::milliseconds delay);
    void give_up_restart(Container& container);
    void begin_removal(ContainerPointer container);
    Task<void> end_unwatched_shim(ContainerPointer container);
    Task<void> remove_now(ContainerPointer container);
    Task<void> remove_after_end(ContainerPointer container);

    // lifecycle_pause.cpp
    void mark_paused(Container& container, bool paused);
    Task<std::string> let_go(ContainerPointer container);

    EventLoop& loop_;
    ContainerTable& table_;
    const Announcements& announcements_;
    std::span<const DaemonFeature> features_;
    SealedProgram shim_program_;
    std::string shim_name_;
};

// "TERM", "SIGTERM", "sigterm" or "15". Throws HttpError 400 `invalid signal: FOO`.
int parse_signal(const std::string& text);
