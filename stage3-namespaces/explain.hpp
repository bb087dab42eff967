// --explain and --step: every system call that makes the container, as the kernel sees it. A child
// of ours watches us, as strace(1) would; the program itself does not know, and is not slower for
// it where nobody asks. ptrace(2).
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include "common/fd.hpp"

enum class Explaining {
    off,
    lines,  // a line for each call: microseconds, process, manual page, the call
    steps,  // and before each a question at the terminal, and where to look meanwhile
};

// Watches from its construction to its destruction, in all that the program does and in all that
// its children do; the container's command is not watched: the first execve(2) that succeeds is the
// last line about it. With `steps` Enter goes on, and Ctrl-D goes on without further questions.
class Explainer {
public:
    // Tells on `output`, which is borrowed. `steps` asks at `terminal`, our own unless one is
    // given, until `asker`, the pidfd of whoever sits there, is readable. Throws SystemError: no
    // terminal to ask at, or another tracer (gdb, strace) or a rule of this machine stands in the
    // way.
    explicit Explainer(Explaining mode, int output = STDERR_FILENO, Fd terminal = {},
                       Fd asker = {});
    Explainer(const Explainer&) = delete;
    Explainer& operator=(const Explainer&) = delete;
    ~Explainer();

private:
    pid_t tracer_ = 0;
};
