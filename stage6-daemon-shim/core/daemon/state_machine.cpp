#include "stage6-daemon-shim/core/daemon/state_machine.hpp"

#include <cstdlib>

struct Cell {
    int status;
    std::string_view text;  // {ID} and {X} are put in
};

static constexpr Cell kGo = {0, ""};
static constexpr Cell kSame = {304, ""};
static constexpr Cell kDown = {409, "container {ID} is not running"};
static constexpr Cell kNoKill = {409, "cannot kill container: {X}: container {ID} is not running"};
static constexpr Cell kMarked = {409, "container is marked for removal and cannot be started"};
static constexpr Cell kGoing = {
    500, "Cannot restart container {X}: container is marked for removal and cannot be started"};
static constexpr Cell kNoJoin = {409, "container is marked for removal and cannot be attached to"};
static constexpr Cell kUnpause = {409, "cannot start a paused container, try unpause instead"};
static constexpr Cell kFrozen = {409, "Container {ID} is already paused"};
static constexpr Cell kThawed = {500, "Container {ID} is not paused"};
static constexpr Cell kWaiting = {
    409, "Container {ID} is restarting, wait until the container is running"};
static constexpr Cell kNoExec = {409, "Container {X} is paused, unpause the container before exec"};
static constexpr Cell kHeld = {409, "container {X} is paused, unpause the container before attach"};
static constexpr Cell kNotYet = {
    409, "container {X} is restarting, wait until the container is running"};
static constexpr Cell kRunning = {409,
                                  "cannot remove container \"{X}\": container is running: stop "
                                  "the container before removing or force remove"};
static constexpr Cell kPaused = {409,
                                 "cannot remove container \"{X}\": container is paused and must "
                                 "be unpaused first"};
static constexpr Cell kComing = {409,
                                 "cannot remove container \"{X}\": container is restarting: "
                                 "stop the container before removing or force remove"};
static constexpr Cell kBusy = {409, "removal of container {X} is already in progress"};
static constexpr Cell kNoEdit = {500,
                                 "Cannot update container {ID}: container is marked for "
                                 "removal and cannot be \"update\""};
static constexpr Cell kNoLogs = {
    409, "can not get logs from container which is dead or marked for removal"};
static constexpr Cell kDeadTar = {409, "You cannot export container {ID} which is Dead"};
static constexpr Cell kNoTar = {409, "You cannot export container {ID} which is being removed"};

// The columns stand in the order of State.
struct Row {
    Verb verb;
    Cell cells[7];
};

static const Row& row_of(Verb wanted) {
    using enum Verb;
    // clang-format off
    static constexpr Row table[] = {
        //              created   running   paused    restarting exited    removing  dead
        {start,        {kGo,      kSame,    kUnpause, kSame,     kGo,      kMarked,  kMarked}},
        {stop,         {kSame,    kGo,      kGo,      kGo,       kSame,    kSame,    kSame}},
        {kill,         {kNoKill,  kGo,      kGo,      kGo,       kNoKill,  kNoKill,  kNoKill}},
        {restart,      {kGo,      kGo,      kGo,      kGo,       kGo,      kGoing,   kGoing}},
        {pause,        {kDown,    kGo,      kFrozen,  kWaiting,  kDown,    kDown,    kDown}},
        {unpause,      {kThawed,  kThawed,  kGo,      kThawed,   kThawed,  kThawed,  kThawed}},
        {exec,         {kDown,    kGo,      kNoExec,  kWaiting,  kDown,    kDown,    kDown}},
        {attach,       {kGo,      kGo,      kHeld,    kNotYet,   kGo,      kNoJoin,  kNoJoin}},
        {remove,       {kGo,      kRunning, kPaused,  kComing,   kGo,      kBusy,    kGo}},
        {force_remove, {kGo,      kGo,      kGo,      kGo,       kGo,      kBusy,    kGo}},
        {rename,       {kGo,      kGo,      kGo,      kGo,       kGo,      kBusy,    kGo}},
        {update,       {kGo,      kGo,      kGo,      kGo,       kGo,      kNoEdit,  kNoEdit}},
        {resize,       {kDown,    kGo,      kGo,      kWaiting,  kDown,    kDown,    kDown}},
        {top,          {kDown,    kGo,      kGo,      kWaiting,  kDown,    kDown,    kDown}},
        {logs,         {kGo,      kGo,      kGo,      kGo,       kGo,      kNoLogs,  kNoLogs}},
        {export_root,  {kGo,      kGo,      kGo,      kGo,       kGo,      kNoTar,   kDeadTar}},
    };
    // clang-format on
    for (const Row& row : table) {
        if (row.verb == wanted) return row;
    }
    std::abort();
}

std::string_view name_of(State state) {
    switch (state) {
        case State::created: return "created";
        case State::running: return "running";
        case State::paused: return "paused";
        case State::restarting: return "restarting";
        case State::exited: return "exited";
        case State::removing: return "removing";
        case State::dead: return "dead";
    }
    std::abort();
}

// In one pass: what is put in is never looked at again, whatever a client called the container.
static std::string fill_in(std::string_view text, std::string_view id, std::string_view as_given) {
    std::string filled;
    while (!text.empty()) {
        const std::size_t start = text.find('{');
        filled.append(text.substr(0, start));
        if (start == std::string_view::npos) break;
        const std::size_t end = text.find('}', start);
        filled.append(text.substr(start, end + 1 - start) == "{ID}" ? id : as_given);
        text.remove_prefix(end + 1);
    }
    return filled;
}

Verdict judge(State state, Verb verb, std::string_view id, std::string_view as_given) {
    const Cell& cell = row_of(verb).cells[static_cast<std::size_t>(state)];
    return {cell.status, fill_in(cell.text, id, as_given)};
}
