// A container's cgroup, from its spec to its end.
#pragma once

#include <memory>
#include <string>

#include "stage5-cgroups/cgroup.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

// None where the spec names no places. Whoever drops it kills what is inside and removes it.
class LimitedCgroup {
public:
    // Chooses the places that the spec names, PARENT/slipway/ID each, and sets the limits. What a
    // shim that was killed left there goes first: the caller holds its lock, so nobody misses it.
    // Throws Failure with the way out where a limit cannot be set.
    LimitedCgroup(const Spec& spec, const std::string& id);

    Cgroup* get() const { return cgroup_.get(); }

    // SIGKILL to everybody in it.
    void kill_all() const;

    // Whether the kernel killed a process in it for want of memory. False when it cannot be seen.
    bool was_out_of_memory() const;

private:
    std::unique_ptr<Cgroup> cgroup_;
};
