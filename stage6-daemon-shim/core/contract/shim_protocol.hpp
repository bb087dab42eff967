// How daemon and shim talk. A shim outlives the daemon that started it, and may meet a newer one:
// what is said here is text, and a verb that is not known gets an answer.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"

// --- the start ----------------------------------------------------------------------------------
//
//     PROGRAM ID NUMBER
//
// with /dev/null on 0, 1 and 2, and these three. The shim reads config.json and its member "spec".

constexpr int kDirectoryDescriptor = 3;  // the container's directory, open for reading
constexpr int kLockDescriptor = 4;       // shim.lock, locked
constexpr int kOutcomeDescriptor = 5;    // a pipe: the outcome, then end-of-file

enum class StartFailure {
    none,
    invalid,         // what was asked cannot be had here, as a limit: it is the asker's to change
    not_executable,  // found, but it cannot be executed
    not_found,       // no such program
    engine,          // all else
};

// What came of a start. Told once the started record is on the disk, or nothing is left.
struct ShimOutcome {
    pid_t pid = 0;  // the container's first process, when it has started
    StartFailure failure = StartFailure::none;
    std::string error;
};

// "started 4711", or "failed not-found exec: ...": at most PIPE_BUF, so that it arrives whole.
std::string outcome_text(const ShimOutcome& outcome);

// From all that the pipe held up to its end. A shim that died on the way said nothing, or not all:
// that is a failure of the engine.
ShimOutcome parse_outcome(std::string_view text);

// Docker's codes for a container that could not be started: 126, 127, and 128 for the others.
int exit_code_of(StartFailure failure);

// Before the exit code of an exec.
inline constexpr std::string_view kExecExited = "exited ";

// --- requests, over shim.sock -------------------------------------------------------------------
//
// One message a request, one message an answer (SOCK_SEQPACKET, unix(7)); as many as wanted over a
// connection. A request is a verb and perhaps a blank and its argument. An answer is "ok", or
// "error " and the reason. Descriptors ride along (SCM_RIGHTS).
//
//     kill SIGNAL       to the first process; without isolation to its process group
//     stdin             the answer carries the write end of the container's stdin
//     close-stdin       gives up the shim's own write end: with the last one gone, end-of-file
//     resize ROWS COLUMNS   of its terminal
//     ping              nothing
//
//     exec JSON         {"process": ..., "annotations": {...}}: one more process, in the spec's
//                       form; with its three streams, or for a terminal with a socket over which
//                       the terminal's other end comes. The answers are outcome_text, and when it
//                       has run "exited CODE". It is killed when the connection is closed before.

constexpr std::size_t kShimMessageBytesMax = 128u << 10;
constexpr std::size_t kShimDescriptorsMax = 4;

struct ShimMessage {
    std::string text;
    std::vector<Fd> descriptors;  // close-on-exec
};

enum class Received { message, nothing_yet, end };

// Binds shim.sock, mode 0600; a stale one goes first, so the caller holds the lock. Non-blocking.
Fd listen_for_requests(const ContainerDir& directory);

// A non-blocking connection. Throws SystemError: ENOENT or ECONNREFUSED when there is no shim,
// EAGAIN when too many wait for it.
Fd connect_to_shim(const ContainerDir& directory);

// Never block. Throw SystemError; send_message EAGAIN when the other side does not read. A message
// that is too long, or whose descriptors did not fit, is a Failure: give the connection up.
void send_message(int socket, std::string_view text, std::span<const int> descriptors = {});
Received receive_message(int socket, ShimMessage& message);

// Throws Failure with the shim's reason unless the answer is ok.
void check_answer(const ShimMessage& answer);
