// /proc/PID/stat: whatever name a process gives itself, its parent and its start time are the same.
#include <sys/prctl.h>
#include <unistd.h>

#include "stage3-namespaces/orphans.hpp"
#include "stage6-daemon-shim/core/contract/process_identity.hpp"
#include "tests/fuzz/fuzz.hpp"

void check_input(std::string_view input) {
    static const ProcessIdentity own = identity_of(::getpid());
    hold(own.start_time > 0, "a process has started");
    ::prctl(PR_SET_NAME, std::string{input.substr(0, 15)}.c_str());
    hold(identity_of(::getpid()) == own, "a name does not change the start time");
    hold(parent_of(::getpid()) == ::getppid(), "nor the parent");
}
