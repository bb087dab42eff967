// Errors that may be gone a moment later: no descriptor or memory is free, the disk is full or
// hesitates. For one of them no container is given up.
#pragma once

#include <poll.h>

#include "common/error.hpp"

constexpr int kAttemptsMax = 3;
constexpr int kAgainMilliseconds = 5;

constexpr bool may_pass(int error) {
    return error == EIO || error == EMFILE || error == ENFILE || error == ENOMEM ||
           error == EAGAIN || error == ENOSPC;
}

// Does it, up to three times, and blocks for 10 ms at most meanwhile. Throws what the last attempt
// has thrown.
template <class Action>
auto persistently(Action action) -> decltype(action()) {
    for (int attempt = 1;; ++attempt) {
        try {
            return action();
        } catch (const SystemError& error) {
            if (attempt == kAttemptsMax || !may_pass(error.error())) throw;
        }
        ::poll(nullptr, 0, kAgainMilliseconds);
    }
}
