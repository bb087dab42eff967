// One of several processes that use a daemon which may be killed at any moment, and hold it to
// what it has said.
#pragma once

#include <atomic>
#include <cstdint>

#include "tests/faults/engine.hpp"

constexpr std::size_t kActionBytes = 160;
constexpr std::size_t kWorkersMax = 8;

// In memory that all processes of a run share.
struct Shared {
    std::atomic<bool> over;
    std::atomic<unsigned> generation;  // odd while there is no daemon, or soon none
    std::atomic<unsigned> daemon_kills, shim_kills, client_kills;
    std::atomic<unsigned> lifecycles, execs, follows, stops, pauses, restarts, attaches, reads;
    std::atomic<std::uint64_t> log_bytes;
    std::atomic<unsigned> violations;
    char actions[kWorkersMax][kActionBytes];  // what each is doing
};

enum class Tamper { none, lose, duplicate, alter, forget, code };

struct WorkerOrder {
    unsigned number = 0;
    std::uint64_t seed = 1;
    bool writes = false;  // the others do everything else
    bool kills_shims = false;
    Tamper tamper = Tamper::none;  // does to its own findings what a bad engine would
};

// Until shared.over; leaves no container of its own. The exit code.
int work(const Engine& engine, Shared& shared, const WorkerOrder& order);

// Prints it, and counts it.
void report_violation(Shared& shared, const std::string& text);
