#include "stage6-daemon-shim/core/daemon/state_machine.hpp"

#include <cstdlib>

struct Cell {
    int status;
    std::string_view text;  // ID and X are put in
};

static constexpr Cell kGo = {0, ""};
static constexpr Cell kAlready = {304, ""};
static constexpr Cell kNotRunning = {409, "cannot kill container: X: container ID is not running"};
static constexpr Cell kMarked = {409, "container is marked for removal and cannot be started"};
static constexpr Cell kRunning = {409,
                                  "cannot remove container \"X\": container is running: stop the "
                                  "container before removing or force remove"};

struct Row {
    Verb verb;
    Cell created, running, exited, dead;
};

// clang-format off
static constexpr Row kTable[] = {
    // verb               created      running    exited       dead
    {Verb::start,        kGo,         kAlready,  kGo,         kMarked},
    {Verb::stop,         kAlready,    kGo,       kAlready,    kAlready},
    {Verb::kill,         kNotRunning, kGo,       kNotRunning, kNotRunning},
    {Verb::attach,       kGo,         kGo,       kGo,         kMarked},
    {Verb::remove,       kGo,         kRunning,  kGo,         kGo},
    {Verb::force_remove, kGo,         kGo,       kGo,         kGo},
};
// clang-format on

std::string_view name_of(State state) {
    switch (state) {
        case State::created: return "created";
        case State::running: return "running";
        case State::exited: return "exited";
        case State::dead: return "dead";
    }
    std::abort();
}

static const Cell& cell_of(const Row& row, State state) {
    switch (state) {
        case State::created: return row.created;
        case State::running: return row.running;
        case State::exited: return row.exited;
        case State::dead: return row.dead;
    }
    std::abort();
}

Verdict judge(State state, Verb verb, std::string_view id, std::string_view as_given) {
    for (const Row& row : kTable) {
        if (row.verb != verb) continue;
        const Cell& cell = cell_of(row, state);
        std::string text{cell.text};
        if (const auto at = text.find('X'); at != std::string::npos) text.replace(at, 1, as_given);
        if (const auto at = text.find("ID "); at != std::string::npos) text.replace(at, 2, id);
        return {cell.status, std::move(text)};
    }
    std::abort();
}
