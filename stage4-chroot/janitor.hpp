// A destructor does not run when a program is killed with SIGKILL. So a second process waits at the
// end of a pipe, and cleans up what its maker could not.
#pragma once

#include <functional>

#include "common/fd.hpp"
#include "common/process.hpp"

// Made before what it watches over, and so destroyed after it: when the janitor is dismissed the
// owners have cleaned up already and it has nothing to do.
class Janitor {
public:
    // Starts the process. `clean` runs in it, and only when this process vanishes without
    // destroying the janitor; it must not need any descriptor above 2.
    explicit Janitor(const std::function<void()>& clean);

private:
    Fd pipe_;      // closed by the kernel when we die, however we die
    Child child_;  // destroyed first: killed while the pipe is still open, so it never cleans
};
