// --init: a PID 1 that does what an init must. It reaps every orphan that the kernel gives it, and
// passes signals on to the command, which is its child (pid_namespaces(7)).
#pragma once

#include <functional>

// Starts `become_command` in a child, which must not return, then reaps and forwards until that
// child ends; leaves with its exit code. Every other process of the PID namespace then dies with
// PID 1. The descriptors that `become_command` needs must be close-on-exec: once the child lives
// this process closes all but the standard ones.
[[noreturn]] void run_as_init(const std::function<void()>& become_command);
