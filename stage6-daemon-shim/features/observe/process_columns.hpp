// Columns of a process list, under the names, titles and forms of ps(1).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stage6-daemon-shim/features/observe/process_table.hpp"

// What the columns need to know beside the process.
struct ProcessContext {
    ProcessContext();  // reads it

    std::string users;          // /etc/passwd of this machine, as processes are shown from outside
    std::string groups;         // /etc/group
    std::int64_t now = 0;       // seconds since 1970
    std::int64_t booted = 0;    // the same
    double uptime = 0;          // seconds
    std::uint64_t memory = 0;   // bytes of the machine
    std::uint64_t ticks = 100;  // a second
};

struct ProcessColumn {
    std::string_view name;  // as `ps -o` takes it
    std::string_view title;
    std::string (*text)(const ProcessFacts& process, const ProcessContext& context);
};

// The columns that `ps` would print with these arguments: none or -ef, aux, -o LIST (with -e, a, x
// and the like before it, since all processes of the container are shown anyhow). Throws HttpError
// 400 for others.
std::vector<ProcessColumn> columns_for(std::string_view ps_arguments);
