// A daemon with a root and a socket of its own that may be killed at any moment.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/process.hpp"
#include "stage6-daemon-shim/core/client/api_client.hpp"
#include "tests/support/case_cgroups.hpp"

using Words = std::vector<std::string>;

// In which a daemon answers after its start, also under strace and on a busy machine.
constexpr std::chrono::seconds kStartMax{60};

Words with(Words words, const Words& more);

// The path of a program that was built with this one, which lies in build/tests.
std::string built_beside(const std::string& name);
std::string own_path();

// Starts it; a stream that is -1 is /dev/null.
Child start_program(Words words, int input = -1, int output = -1, int error = -1);

class Engine {
public:
    // `programs`: where slipwayd and its shim are, below the directory of those that were built
    // with this one: "" or "faults/".
    explicit Engine(std::string programs = {});
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine();  // kills the daemon; the directory stays if something in it does

    // `prefix`: a command that runs it (strace). Returns once it answers, or has ended: then false.
    bool start(const Words& prefix = {}, const Words& options = {});

    // Without waiting for it.
    void begin(const Words& prefix = {}, const Words& options = {});
    bool wait_until_ready(std::chrono::milliseconds limit);

    // Also of a daemon that a prefix runs; without an effect on one that has ended.
    void kill();
    int terminate();  // its exit code; -1 when it has ended by itself
    bool has_ended();

    pid_t pid() const { return daemon_.pid(); }
    const std::string& place() const { return place_; }
    const std::string& socket() const { return socket_; }
    std::string root() const { return place_ + "/root"; }
    std::string messages() const;  // what the daemons have printed on stderr

    Words client(const Words& words) const;
    ApiClient api() const { return ApiClient{socket_, "slipwayd"}; }

    // Its open descriptors, and its memory in KiB (VmRSS).
    std::size_t descriptors() const;
    long memory() const;

private:
    pid_t process() const;

    std::string programs_, place_, socket_;
    bool has_prefix_ = false;
    Child daemon_;
};

// What is there of the containers: a process, mount, cgroup or file that stayed behind. As root we
// are in a mount namespace of our own from then on, and in groups of our own as long as it lives,
// where no other engine's are.
class Leftovers {
public:
    Leftovers();

    // One sentence each. `engine` has stopped, its containers have been removed. Whatever is there
    // nevertheless is killed then. Where nothing is, the engine's root goes too, unless it stays.
    std::vector<std::string> found(const Engine& engine, bool root_stays = false) const;

private:
    std::vector<std::string> groups() const;

    CgroupPlaces places_;
    std::optional<CaseCgroups> own_;
    std::vector<std::string> mounts_, groups_;
};

// Reaps children that nobody owns: those of a killed parent, since we are their subreaper.
void reap_orphans(const std::vector<pid_t>& owned);
