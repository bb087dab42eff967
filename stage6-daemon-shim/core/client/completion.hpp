// `completion bash|zsh|fish`: what a shell needs to complete our command lines.
#pragma once

#include "stage6-daemon-shim/core/client/command.hpp"

// `words` is the command line from "completion" on. Returns the exit code. Throws UsageError.
int print_completion(const ClientProgram& program, const CommandTables& tables,
                     const std::vector<std::string>& words);
