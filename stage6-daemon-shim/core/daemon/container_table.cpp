#include "stage6-daemon-shim/core/daemon/container_table.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/daemon/tree.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::size_t kNameBytesMax = 128;
static constexpr int kIdParts = 6;  // of 12 digits each, and four more

std::string new_container_id() {
    std::string id;
    for (int part = 0; part < kIdParts; ++part) id += random_id();
    return id.substr(0, 64);
}

// A daemon that was killed just after a fork lives on in its child until that has exec'd: its lock
// is free a moment later.
static constexpr int kLockAttempts = 50;
static constexpr int kLockMilliseconds = 20;

bool lock_exclusively(int file, const std::string& path) {
    for (int attempt = 0; attempt < kLockAttempts; ++attempt) {
        if (::flock(file, LOCK_EX | LOCK_NB) == 0) return true;
        if (errno != EWOULDBLOCK) throw SystemError{errno, "lock", path};
        ::poll(nullptr, 0, kLockMilliseconds);
    }
    return false;
}

static Fd lock_root(const std::string& root) {
    struct stat status {};
    check(::stat(root.c_str(), &status), "stat", root);
    if (status.st_uid != ::geteuid())
        throw Failure{"state directory " + root + ": belongs to another user"};
    if ((status.st_mode & 022) != 0) {
        throw Failure{"state directory " + root + ": others may write to it (chmod go-w)"};
    }
    const std::string path = root + "/lock";
    Fd lock{
        check(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), "open", path)};
    if (!lock_exclusively(lock.get(), path)) {
        throw Failure{"state directory " + root + ": another daemon is using it"};
    }
    return lock;
}

ContainerTable::ContainerTable(EventLoop& loop, std::string root)
    : loop_{loop}, root_{std::move(root)} {
    make_directories(root_);
    lock_ = lock_root(root_);
    // What containers hold is their users' business; only the way to a shim's root is open.
    check(::chmod(root_.c_str(), 0711), "chmod", root_);
    fail_point<"make the directories of the root">();
    for (const char* name : {"containers", "creating", "removing", "images"}) {
        make_directories(root_ + "/" + name);
    }
}

ContainerPointer ContainerTable::find(const std::string& as_given) const {
    const std::string name = as_given.starts_with('/') ? as_given.substr(1) : as_given;
    if (const auto found = by_id_.find(name); found != by_id_.end()) return found->second;
    if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
    const auto first = by_id_.lower_bound(name);
    if (name.empty() || first == by_id_.end() || !first->first.starts_with(name)) {
        throw HttpError{404, "No such container: " + as_given};
    }
    if (const auto next = std::next(first); next != by_id_.end() && next->first.starts_with(name)) {
        throw HttpError{400, "multiple IDs found with provided prefix: " + as_given};
    }
    return first->second;
}

std::vector<ContainerPointer> ContainerTable::all() const {
    std::vector<ContainerPointer> list;
    for (const auto& [id, container] : by_id_) list.push_back(container);
    std::sort(list.begin(), list.end(), [](const auto& left, const auto& right) {
        return left->created_at > right->created_at;
    });
    return list;
}

void ContainerTable::check_name(const std::string& name, const std::string& shown) const {
    constexpr std::string_view first =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const std::string all = std::string{first} + "_.-";
    const bool good = name.size() >= 2 && name.size() <= kNameBytesMax &&
                      first.find(name[0]) != std::string_view::npos &&
                      name.find_first_not_of(all) == std::string::npos;
    if (!good) {
        throw HttpError{400, "Invalid container name (" + printable(shown) +
                                 "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"};
    }
    const auto taken = by_name_.find(name);
    if (taken == by_name_.end()) return;
    throw HttpError{409, "Conflict. The container name \"/" + name +
                             "\" is already in use by container \"" + taken->second->id +
                             "\". You have to remove (or rename) that container to be able to "
                             "reuse that name."};
}

std::string ContainerTable::free_name() const {
    constexpr const char* adjectives[] = {"anchored", "brisk",  "calm",   "keen",   "launched",
                                          "moored",   "nimble", "rigged", "steady", "trim"};
    constexpr const char* ships[] = {"barge",   "brig",  "clipper", "cutter", "dinghy",
                                     "frigate", "ketch", "lugger",  "sloop",  "yawl"};
    while (true) {
        const auto number = std::stoul(random_id().substr(0, 8), nullptr, 16);
        std::string name = std::string{adjectives[number % 10]} + "_" + ships[number / 10 % 10];
        if (by_name_.size() > 50) name += std::to_string(number / 100 % 10000);
        if (!by_name_.contains(name)) return name;
    }
}

static std::string state_text(const Container& container, const std::string& name) {
    return Json::object({{"Name", name},
                         {"WantsStopped", container.wants_stopped},
                         {"RestartCount", container.restart_count},
                         {"Paused", container.is_marked_paused},
                         {"Health", container.health}})
        .text();
}

ContainerPointer ContainerTable::create(std::string name,
                                        const std::function<Json(Container&)>& make_config) {
    if (name.starts_with('/')) name.erase(0, 1);
    if (name.empty()) name = free_name();
    check_name(name, name);
    auto container = std::make_shared<Container>(loop_, new_container_id());
    container->name = name;
    container->created_at = wall_time_now();
    container->directory = containers_directory() + "/" + container->id;
    container->config = make_config(*container);

    const std::string unfinished = root_ + "/creating/" + container->id;
    try {
        fail_point<"make a container's directory">();
        check(::mkdir(unfinished.c_str(), 0711), "mkdir", unfinished);
        std::vector<ContainerDir::NewFile> records = {{kConfigFile, container->config.text()},
                                                      {kStateFile, state_text(*container, name)}};
        // Its mark comes first: whatever of the others a power cut tears, the mark is there.
        if (container->auto_remove()) records.insert(records.begin(), {kFleetingMark, ""});
        ContainerDir::open(unfinished).write_first(records);
        if (container->auto_remove()) {
            check(::rename(unfinished.c_str(), container->directory.c_str()), "rename", unfinished);
        } else {
            rename_durably(unfinished, container->directory);
        }
    } catch (...) {
        remove_tree(unfinished);
        // It may have its place already: whoever is told that it failed must not meet it later.
        remove_tree(container->directory);
        throw;
    }
    container->take_config(std::move(container->config));
    adopt(container);
    return container;
}

void ContainerTable::adopt(ContainerPointer container) {
    // Two of one name can only come from a damaged disk: the second goes by its id.
    if (by_name_.contains(container->name)) container->name = container->short_id();
    by_name_[container->name] = container;
    by_id_[container->id] = std::move(container);
}

void ContainerTable::save_state(const Container& container) const {
    ContainerDir::open(container.directory)
        .write_whole(kStateFile, state_text(container, container.name));
}

Json ContainerTable::read_config(const Container& container) const {
    JsonLimits limits;
    limits.bytes_max = kConfigBytesMax;
    return parse_json(ContainerDir::open(container.directory).read(kConfigFile, kConfigBytesMax),
                      limits);
}

void ContainerTable::save_config(const Container& container, const Json& config) const {
    ContainerDir::open(container.directory).write_whole(kConfigFile, config.text());
}

void ContainerTable::rename(ContainerPointer container, std::string name) {
    if (name.starts_with('/')) name.erase(0, 1);
    if (name.empty()) throw HttpError{400, "Neither old nor new names may be empty"};
    if (name == container->name) {
        throw HttpError{400, "Renaming a container with the same name as its current name"};
    }
    try {
        check_name(name, "/" + name);
    } catch (const HttpError& error) {
        throw HttpError{error.status(),
                        std::string{"Error when allocating new name: "} + error.what()};
    }
    // First on the disk: whoever is told that it is done finds it so after any crash.
    ContainerDir::open(container->directory).write_whole(kStateFile, state_text(*container, name));
    by_name_.erase(container->name);
    container->name = name;
    by_name_[name] = std::move(container);
}

void ContainerTable::bury(Container& container) {
    const std::string grave = root_ + "/removing/" + container.id;
    if (container.directory == grave) return;  // an earlier removal came to no end
    fail_point<"bury a container">();
    if (::rename(container.directory.c_str(), grave.c_str()) == -1 && errno != ENOENT) {
        throw SystemError{errno, "rename", container.directory};
    }
    container.directory = grave;
    // Whoever is told that it is removed does not meet it again after a power cut.
    if (!container.auto_remove()) sync_directory(root_ + "/removing");
}

void ContainerTable::forget(const Container& container) {
    by_name_.erase(container.name);
    by_id_.erase(container.id);
}

void ContainerTable::clear_leftovers() {
    fail_point<"clear what was left half done">();
    for (const char* place : {"/creating", "/removing"}) {
        for (const auto& name : entries_of(root_ + place)) remove_tree(root_ + place + "/" + name);
    }
}
