// The containers that there are, by id and by name, and their directories in ROOT.
//
// ROOT/containers/ID   one container (contract/container_dir.hpp)
// ROOT/creating/ID     one that is being made: it gets its place by a rename when it is whole
// ROOT/removing/ID     one that is being removed; what is found here at a start is removed
// ROOT/images          see image_store.hpp
// ROOT/lock            held by the daemon: a second one on the same ROOT refuses
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/daemon/container.hpp"

// Below a container's directory, where overlay cannot be had: its root, a copy of its image.
inline constexpr const char* kRootDirectory = "root";

using ContainerPointer = std::shared_ptr<Container>;

class ContainerTable {
public:
    // Makes ROOT (mode 0711) and locks it. Throws Failure when another daemon has it, or when it
    // belongs to somebody else or others may write to it; SystemError.
    ContainerTable(EventLoop& loop, std::string root);

    const std::string& root() const { return root_; }
    std::string containers_directory() const { return root_ + "/containers"; }

    // By full id, name (a slash in front is allowed), or the front of an id, in this order.
    // Throws HttpError 404 `No such container: X`, 400 where several ids begin so.
    ContainerPointer find(const std::string& as_given) const;

    // The newest first.
    std::vector<ContainerPointer> all() const;

    // A new container with this configuration, on disk and in the table. An empty name gets one
    // of our own making. Throws HttpError 400 for a name that cannot be, 409 for one in use.
    ContainerPointer create(std::string name, const std::function<Json(Container&)>& make_config);

    // Puts one that was found on disk into the table.
    void adopt(ContainerPointer container);

    // Writes state.json. Throws SystemError.
    void save_state(const Container& container) const;

    // config.json whole, as it is on the disk. Throws SystemError, Failure, JsonError.
    Json read_config(const Container& container) const;

    // Writes config.json: this one, which is not the container's yet. Throws SystemError.
    void save_config(const Container& container, const Json& config) const;

    // Durable when it returns. Throws HttpError with Docker's words; SystemError, and then the
    // old name holds.
    void rename(ContainerPointer container, std::string name);

    // Moves its directory to ROOT/removing: from here on the next start finishes what we don't.
    // Throws SystemError.
    void bury(Container& container);

    // Takes it out of the table.
    void forget(const Container& container);

    // Removes what a daemon that was killed left half made and half removed.
    void clear_leftovers();

private:
    std::string free_name() const;
    void check_name(const std::string& name, const std::string& shown) const;

    EventLoop& loop_;
    std::string root_;
    Fd lock_;
    std::map<std::string, ContainerPointer> by_id_;
    std::map<std::string, ContainerPointer> by_name_;
};

// Takes the flock(2) of an open file; false when somebody else keeps it for longer than a second.
// Throws SystemError.
bool lock_exclusively(int file, const std::string& path);

// 64 hexadecimal digits from the kernel's random numbers.
std::string new_container_id();
