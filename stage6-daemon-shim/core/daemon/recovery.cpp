#include "stage6-daemon-shim/core/daemon/recovery.hpp"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage6-daemon-shim/core/contract/persistently.hpp"
#include "stage6-daemon-shim/core/contract/shim_lock.hpp"
#include "stage6-daemon-shim/core/daemon/dead_shim.hpp"
#include "stage6-daemon-shim/core/daemon/standstill.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr auto kStartInFlight = std::chrono::seconds{60};
static constexpr auto kLookAgain = std::chrono::milliseconds{20};
static constexpr std::int64_t kRestartsMax = 1 << 30;

static bool is_container_id(const std::string& name) {
    return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

static std::vector<std::string> container_ids(const std::string& directory) {
    std::vector<std::string> ids;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory.c_str()), ::closedir};
    // Not "there are none": a daemon that cannot see its containers must not begin.
    if (!stream) throw SystemError{errno, "read", directory};
    while (const dirent* entry = ::readdir(stream.get())) {
        const bool is_file = entry->d_type == DT_REG;  // somebody's, with a container's name
        if (is_container_id(entry->d_name) && !is_file) ids.emplace_back(entry->d_name);
    }
    return ids;
}

static void read_files(Container& container, const ContainerDir& directory) {
    JsonLimits limits;
    limits.bytes_max = kConfigBytesMax;
    try {
        container.take_config(parse_json(directory.read(kConfigFile, kConfigBytesMax), limits));
        container.created_at = parse_time(JsonReader{container.config}.get_string("Created"));
        // All that is read of it later, perhaps in a list of all: of another type it throws here.
        container.has_terminal();
        container.auto_remove();
        summary_of(container);
        inspection_of(container);
    } catch (const JsonError& error) {
        throw Failure{std::string{"corrupt state: config.json: "} + error.what()};
    }
    try {
        const Json state = parse_json(directory.read(kStateFile));
        const JsonReader reader{state};
        container.name = reader.get_string("Name");
        container.wants_stopped = reader.get_bool("WantsStopped");
        container.is_marked_paused = reader.get_bool("Paused");
        container.health = reader.get_string("Health");
        container.restart_count = static_cast<unsigned>(
            std::clamp<std::int64_t>(reader.get_integer("RestartCount"), 0, kRestartsMax));
    } catch (const JsonError& error) {
        throw Failure{std::string{"corrupt state: state.json: "} + error.what()};
    }
    if (container.name.empty()) throw Failure{"corrupt state: state.json: no name"};
}

// What an interrupted write of ours left; we have not begun yet.
static void remove_unfinished_files(const ContainerDir& directory) {
    for (const char* name : {kConfigFile, kStateFile}) {
        directory.remove(std::string{name} + ".tmp");
    }
}

// From the records and the lock: in which state it is, and who is to be waited for. False while
// nobody can tell: a daemon was killed while a shim was starting, which goes on by itself. It holds
// the lock but has written no record of this start yet.
static bool settle(Daemon& daemon, ContainerPointer container) {
    const ContainerDir directory = ContainerDir::open(container->directory);
    remove_unfinished_files(directory);
    const bool alive = shim_is_alive(directory);
    const unsigned number = directory.last_start();
    const auto started = number == 0 ? std::nullopt : read_started(directory, number);
    container->starts = number;
    container->exits = number;
    if (started) container->started_at = parse_time(started->time);
    if (alive) {
        Fd shim = started ? open_process(started->shim, started->boot) : Fd{};
        if (!shim) return false;
        container->exits = number - 1;
        container->pid = started->container.pid;
        container->up_since = Clock::now();
        container->state = is_held(*container) ? State::paused : State::running;
        daemon.lifecycle.watch(container, std::move(shim), started->shim.pid);
        return true;
    }
    for (const unsigned start : {number, number + 1}) remove_unfinished_records(directory, start);
    if (number > 0 && !directory.has(exit_file(number))) kill_what_is_left(*container, number);
    // Also of one that was killed before its first record, or after its last.
    const auto groups = cgroups_of(*container);
    if (std::ranges::any_of(groups, file_exists)) remove_cgroups(groups);
    if (number == 0) return true;
    daemon.lifecycle.finish(container, number, Learned::from_records);
    return true;
}

static bool settle_or_bury(Daemon& daemon, ContainerPointer container) {
    try {
        return persistently([&] { return settle(daemon, container); });
    } catch (const std::exception& error) {
        container->state = State::dead;
        container->error = error.what();
        return true;
    }
}

static Task<void> settle_later(Daemon& daemon, ContainerPointer container) {
    const Deadline deadline = Clock::now() + kStartInFlight;
    do {
        co_await daemon.loop.sleep_for(kLookAgain);
    } while (!settle_or_bury(daemon, container) && Clock::now() < deadline);
    container->starting = false;
    // The daemon that began it did not live to say so.
    if (is_alive(container->state)) daemon.announcements.of_container(*container, "start");
    container->changed.notify_all();
}

// The records of one that goes at its end are not waited for when they are written: what a power
// cut has torn is removed, as the whole container would have been.
static void discard_if_torn(Daemon& daemon, const Container& container) {
    if (container.state != State::dead) return;
    try {
        const ContainerDir directory = ContainerDir::open(container.directory);
        if (!directory.has(kFleetingMark) || shim_is_alive(directory)) return;
        remove_cgroups(cgroups_of(container));
        if (remove_tree(container.directory)) daemon.table.forget(container);
    } catch (const std::exception&) {
        // So it stands in the list as dead, with the reason.
    }
}

static void recover(Daemon& daemon, const std::string& id) {
    const auto container = std::make_shared<Container>(daemon.loop, id);
    container->directory = daemon.table.containers_directory() + "/" + id;
    container->name = container->short_id();
    bool readable = true;
    try {
        read_files(*container, ContainerDir::open(container->directory));
    } catch (const std::exception& error) {
        container->state = State::dead;
        container->error = error.what();
        container->config = Json::object();
        readable = false;
    }
    daemon.table.adopt(container);
    if (!readable || settle_or_bury(daemon, container)) return discard_if_torn(daemon, *container);
    container->starting = true;
    daemon.loop.spawn(settle_later(daemon, container));
}

std::size_t recover_containers(Daemon& daemon) {
    daemon.table.clear_leftovers();
    const auto ids = container_ids(daemon.table.containers_directory());
    for (const std::string& id : ids) recover(daemon, id);
    return ids.size();
}
