// What may be done to a container in which state: one table, and nothing else decides it. The
// answers are Docker's (Engine 28).
#pragma once

#include <string>
#include <string_view>

enum class State { created, running, paused, restarting, exited, removing, dead };

enum class Verb {
    start,
    stop,
    kill,
    restart,
    pause,
    unpause,
    exec,
    attach,
    remove,
    force_remove,
    rename,
    update,
    resize,
    top,
    logs,
    export_root
};

// "created", "running", ...: as the API names them.
std::string_view name_of(State state);

// Whether its processes are there. One that waits for its restart has none.
constexpr bool is_alive(State state) {
    return state == State::running || state == State::paused;
}

// What the API calls running: the container is alive, or will be again by itself.
constexpr bool counts_as_running(State state) {
    return is_alive(state) || state == State::restarting;
}

struct Verdict {
    // 0: go on. 304: it is so already, and that is success. Anything else is an error.
    int status = 0;
    std::string message;
};

// `id` is the full one, `as_given` what the client called the container: both stand in the texts.
Verdict judge(State state, Verb verb, std::string_view id, std::string_view as_given);
