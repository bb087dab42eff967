// exec: one more process in a running container. The shim starts it (contract/shim_protocol.hpp);
// its streams are pipes, or a terminal, between it and the daemon alone.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/daemon/announcements.hpp"
#include "stage6-daemon-shim/core/daemon/container_table.hpp"
#include "stage6-daemon-shim/core/daemon/feature.hpp"

struct ExecCommand {
    std::vector<std::string> args;
    std::vector<std::string> env;  // on top of the container's
    std::string cwd;               // empty: the container's
    std::string user;              // empty: the container's
    bool terminal = false;
    bool privileged = false;
};

// The process could not be started; the text is Docker's.
class ExecFailed : public std::runtime_error {
public:
    ExecFailed(StartFailure kind, const std::string& text);
    int exit_code() const { return kind_ == StartFailure::not_found ? 127 : 126; }

private:
    StartFailure kind_;
};

// Our ends of its streams, non-blocking. With a terminal `input` and `output` are one and the same.
struct ExecStreams {
    Fd input, output, error;
};

struct ExecSession {
    ExecSession(EventLoop& loop, std::string its_id, ContainerPointer its_container)
        : id{std::move(its_id)}, container{std::move(its_container)}, changed{loop} {}

    std::string id;
    ContainerPointer container;
    ExecCommand command;
    bool wants_input = false, wants_output = false, wants_error = false;
    std::string detach_keys;

    bool started = false;
    bool running = false;
    std::optional<int> exit_code;
    std::int64_t pid = 0;
    Fd terminal;    // a copy, for its size
    Fd connection;  // to the shim: closed, it kills the process
    unsigned start_of_container = 0;
    Deadline forgotten_at = kNever;  // when it has ended
    Event changed;
};
using ExecPointer = std::shared_ptr<ExecSession>;

class ExecSessions {
public:
    ExecSessions(EventLoop& loop, const Announcements& announcements,
                 std::span<const DaemonFeature> features)
        : loop_{loop}, announcements_{announcements}, features_{features} {}

    // A session that is not started yet. Throws HttpError 409 in states that do not allow it.
    ExecPointer create(ContainerPointer container, const std::string& as_given,
                       ExecCommand command);

    // Throws HttpError 404 `No such exec instance: ID`, also for one whose container has gone or
    // was stopped.
    ExecPointer find(const std::string& id);

    // The ids of those of this container that run.
    std::vector<std::string> running_in(const Container& container) const;

    // Starts it once; ours of its streams are those that the session wants. Throws HttpError 409,
    // ExecFailed.
    Task<ExecStreams> start(ExecPointer session);

    // SIGKILL to one that runs; what becomes of it is told as always.
    static void kill(const ExecSession& session);

private:
    Task<void> ask_for_it(ExecPointer session, std::vector<int> descriptors);
    Task<void> watch(ExecPointer session);
    std::string request_of(const ExecSession& session) const;
    void end(ExecSession& session, int code);
    void forget_old_ones();

    EventLoop& loop_;
    const Announcements& announcements_;
    std::span<const DaemonFeature> features_;
    std::map<std::string, ExecPointer> sessions_;
};

struct ExecResult {
    int exit_code = 0;
    std::string output;  // the first 4096 bytes of both streams
    bool timed_out = false;
};

// Runs a command to its end, or until the deadline, when it is killed. Throws as start().
Task<ExecResult> run_exec(EventLoop& loop, ExecSessions& sessions, ContainerPointer container,
                          ExecCommand command, Deadline deadline);
