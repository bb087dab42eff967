// What a container uses at one moment, in the form of the API's statistics.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "stage6-daemon-shim/core/daemon/container.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

struct Usage {
    using Counters = std::vector<std::pair<std::string, std::uint64_t>>;

    WallTime time = 0;  // 0: never measured, and all below is 0

    std::uint64_t cpu_nanoseconds = 0, user_nanoseconds = 0, kernel_nanoseconds = 0;
    std::uint64_t machine_nanoseconds = 0;  // of all CPUs together, idle or not
    std::uint64_t throttled_nanoseconds = 0;

    std::uint64_t memory_bytes = 0;
    std::uint64_t memory_limit_bytes = 0;  // the machine's, where it has none of its own
    Counters memory;                       // lines of memory.stat

    std::uint64_t processes = 0, processes_limit = 0;  // limit 0: none

    struct Device {
        std::uint64_t major, minor, read_bytes, written_bytes;
    };
    std::vector<Device> devices;

    struct Interface {
        std::string name;
        Counters counters;  // "rx_bytes" and so on
    };
    std::vector<Interface> interfaces;  // those of its own network namespace but loopback
};

// From the files of its control groups. What no group of its own counts is what its processes
// have together: memory that they share counts several times then, and CPU time without those that
// have ended. Of a container that does not run nothing is measured.
Usage measure(const Container& container);

// The object of GET /containers/{id}/stats; `before` is the measurement before it.
Json stats_of(const Container& container, const Usage& now, const Usage& before);
