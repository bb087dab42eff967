// How parent and child talk while the child becomes a container: a gate on which the child waits,
// and a pipe on which it says what failed. Both are pipes whose closing is a message.
#pragma once

#include <stdexcept>
#include <string>

#include "common/fd.hpp"

// The child could not become what it should: its own sentence, and the exit code that goes with it
// (125 the engine failed, 126 cannot be executed, 127 not found).
class ChildFailed : public std::runtime_error {
public:
    ChildFailed(const std::string& text, int code) : std::runtime_error{text}, exit_code_{code} {}
    int exit_code() const { return exit_code_; }

private:
    int exit_code_;
};

// Made before the fork; parent and child then each use their own copy, by these two names.
class ChildReport {
public:
    ChildReport();

    // --- in the child ---

    // Waits until the parent has opened the gate, and asks the kernel to kill us when the parent
    // dies (PR_SET_PDEATHSIG, prctl(2)). Throws Failure when it is dead already.
    void wait_for_parent();

    // That request alone: a change of user or group takes it back (prctl(2)).
    void die_with_parent() const;

    // Tells the parent and ends the process, without running any destructor of the parent's
    // objects, of which this process holds copies.
    [[noreturn]] void give_up(const std::exception& error) noexcept;

    // --- in the parent ---

    // Lets the child go on: what it needs from us is done.
    void open_gate();

    // For poll(2): once this is readable, expect_success() does not wait.
    int outcome() const { return report_.read_end.get(); }

    // Waits until the child has become the program. Throws ChildFailed with its words if it could
    // not. Success is end-of-file: exec closes the child's end, which is close-on-exec.
    void expect_success();

private:
    Pipe gate_;
    Pipe report_;
};
