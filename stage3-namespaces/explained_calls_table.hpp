// The system calls that make a container, each with its manual page and what it changes.
#pragma once

#include "stage3-namespaces/traced_call.hpp"

struct ExplainedCall {
    long number;       // SYS_mount, ...
    const char* page;  // "mount(2)"
    // The call as one would write it. Empty where this one is no step, such as a write to a pipe.
    std::string (*describe)(const TracedCall& call);
    // What shows the change from a second terminal: % stands for the process, @ for the first text
    // of the call. Empty where nothing does.
    const char* look;
};

// nullptr for a call that is not explained, and that is most of them.
const ExplainedCall* explained_call(long number);

// fork(3) of the C library, and not a clone of ours.
bool is_library_fork(const TracedCall& call);
