// The daemon's side of a start.
#pragma once

#include <string>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"

// A shim that is starting a container. It is our child and yet has no owner that kills it: it must
// outlive us. When `process` is readable it has ended: reap it with waitpid(pid).
struct StartingShim {
    pid_t pid = 0;
    Fd process;  // a pidfd
    Fd outcome;  // non-blocking; read to its end, then parse_outcome (shim_protocol.hpp)
};

struct ShimCommand {
    std::string program;  // a path
    std::string name;     // what `ps` shows for it
    std::string id;       // of the container
    unsigned number = 1;  // of the start
};

// `lock` is lock_shim's; our copy is closed here. The shim gets the three descriptors of the
// protocol and, of ours that are close-on-exec, no other. Throws SystemError.
StartingShim start_shim(const ShimCommand& command, const ContainerDir& directory, Fd lock);
