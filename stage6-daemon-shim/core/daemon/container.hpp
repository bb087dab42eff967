// One container as the daemon knows it: what was asked, what state it is in, and what the records
// of its last run say. All of it can be read again from its directory (see contract/).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stage6-daemon-shim/core/daemon/state_machine.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/loop/event_loop.hpp"

struct Container {
    Container(EventLoop& loop, std::string its_id) : id{std::move(its_id)}, changed{loop} {}

    std::string id;    // 64 hexadecimal digits
    std::string name;  // without the slash in front that the API shows
    std::string directory;
    Json config;  // config.json, see take_config

    State state = State::created;
    bool starting = false;  // between the verb and its outcome
    bool freezing = false;  // between pause or unpause and its outcome
    bool removing = false;
    bool removed = false;
    bool restarted_by_hand = false;    // its end is half of a restart, and so no end
    bool restart_is_given_up = false;  // somebody ended it: its policy is not asked
    // The user stopped it by hand, or sent it a signal: in state.json before the signal goes out.
    bool wants_stopped = false;
    bool is_marked_paused = false;  // in state.json: paused, where no freezer could tell it later
    unsigned starts = 0;            // how often it was started: N of started.N.json and exit.N.json
    unsigned restart_count = 0;     // by its policy, since the user started it
    std::int64_t pid = 0;           // of PID 1 while it runs
    int exit_code = 0;
    bool out_of_memory = false;
    std::string error;                // why the last start failed, or why it is dead
    std::string health;               // "starting", "healthy" or "unhealthy"; empty: nobody looks
    Json health_report;               // State.Health of inspect, where there is any
    std::vector<std::string> listed;  // see append_summary
    WallTime created_at = 0, started_at = 0, finished_at = 0;
    Deadline up_since{};                        // of this run, or when a new daemon found it
    std::chrono::milliseconds restart_delay{};  // what its policy waited the last time

    // Every change of the above. A waiter looks again after each.
    Event changed;
    // Of `starts` runs, how many have ended: never goes back, so no waiter misses an exit.
    unsigned exits = 0;

    // Keeps it in mind, less the rules for devices: a quarter of it, which the shim alone reads.
    void take_config(Json whole);

    bool auto_remove() const;
    bool has_terminal() const;

    // As the state table is asked about it: one whose removal has begun is being removed.
    State judged_state() const { return removing && !is_alive(state) ? State::removing : state; }

    std::string short_id() const { return id.substr(0, 12); }
};

// What the state table says: true to go on, false where it is so already. Throws HttpError with
// Docker's words; `as_given` is what the client called the container.
bool must_act(const Container& container, Verb verb, const std::string& as_given);

// "Up 5 seconds", "Exited (137) 4 minutes ago", "Created": Docker's words.
std::string status_text(const Container& container);

// An element of GET /containers/json.
Json summary_of(const Container& container);
// The same as text, for lists of many: what of it never changes is made once.
void append_summary(Container& container, std::string& output);

// The answer of GET /containers/{id}/json.
Json inspection_of(const Container& container);
