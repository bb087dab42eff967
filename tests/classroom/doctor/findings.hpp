// What a machine can and cannot run, row by row.
#pragma once

#include <string>
#include <vector>

enum class Finding {
    here,
    absent,    // something is left out or skipped without it
    obstacle,  // `make run` needs it
};

struct Row {
    std::string what;
    Finding finding = Finding::here;
    std::string text;  // what it is; where it is absent, the way out
};

using Rows = std::vector<Row>;

// Compilers, Catch2 and the programs that other targets use.
Rows rows_of_tools();

// Namespaces and what the kernel has been told about them, system calls, overlay.
Rows rows_of_kernel();

// Which hierarchies there are, and which limits can be set by whoever asks.
Rows rows_of_cgroups();

// A port for stage 1, descriptors, a virtual machine.
Rows rows_of_resources();
