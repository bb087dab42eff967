// One container as the daemon knows it: what was asked, what state it is in, and what the records
// of its last run say. All of it can be read again from its directory (see contract/).
#pragma once

#include <cstdint>
#include <string>

#include "stage6-daemon-shim/core/daemon/event_loop.hpp"
#include "stage6-daemon-shim/core/daemon/state_machine.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

struct Container {
    Container(EventLoop& loop, std::string its_id) : id{std::move(its_id)}, changed{loop} {}

    std::string id;    // 64 hexadecimal digits
    std::string name;  // without the slash in front that the API shows
    std::string directory;
    Json config;  // config.json

    State state = State::created;
    bool starting = false;  // between the verb and its outcome
    bool removing = false;
    bool removed = false;
    unsigned starts = 0;   // how often it was started: N of started.N.json and exit.N.json
    std::int64_t pid = 0;  // of PID 1 while it runs
    int exit_code = 0;
    bool out_of_memory = false;
    std::string error;  // why the last start failed, or why it is dead
    WallTime created_at = 0, started_at = 0, finished_at = 0;

    // Every change of the above. A waiter looks again after each.
    Event changed;
    // Of `starts` runs, how many have ended: never goes back, so no waiter misses an exit.
    unsigned exits = 0;

    bool auto_remove() const;
    bool has_terminal() const;
    std::string short_id() const { return id.substr(0, 12); }
};

// "Up 5 seconds", "Exited (137) 4 minutes ago", "Created": Docker's words.
std::string status_text(const Container& container);

// An element of GET /containers/json.
Json summary_of(const Container& container);

// The answer of GET /containers/{id}/json.
Json inspection_of(const Container& container);
