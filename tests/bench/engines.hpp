// Daemons that serve the Docker Engine API: ours, and dockerd where it is installed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/process.hpp"
#include "tests/bench/api_connection.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/topics.hpp"

inline constexpr auto kBenchImage = "slipway-bench";

class Engine {
public:
    // Starts it and waits until it answers. `command` is all but the socket's option. Throws
    // Failure when it does not.
    Engine(std::string name, Words command, std::string socket);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine();  // removes its containers and ends it

    const std::string& name() const { return name_; }
    const std::string& socket() const { return socket_; }
    std::string host() const { return "unix://" + socket_; }
    pid_t pid() const { return daemon_.pid(); }

    // Milliseconds from its start until it answers. The containers run on meanwhile.
    double restart();

    // A connection that is kept, for what is not measured.
    ApiConnection& api() { return *api_; }

    // The image with what containers of the measurements need.
    void import_image(const std::string& tar_file);

    // The id of a container with this command, which runs when `starts`. `settings` are more
    // members of its HostConfig.
    std::string create(const Words& command, const std::string& settings = {});
    void start(const std::string& id);
    void wait(const std::string& id);
    void remove(const std::string& id);
    void remove_all();

private:
    void begin();

    std::string name_, socket_;
    Words command_;
    Child daemon_;
    std::unique_ptr<ApiConnection> api_;
};

// What the engines of one topic share: a directory, and the image as a tar.
class EnginePlace {
public:
    explicit EnginePlace(const Settings& settings);

    // slipwayd, or with `program` orchestratord. Null when it is not built.
    std::unique_ptr<Engine> slipwayd() const;
    std::unique_ptr<Engine> orchestratord() const;

    // Null when it is not installed, we are not root, or it does not come up; `why` says so then.
    // Never in a trial of one round.
    std::unique_ptr<Engine> dockerd(std::string& why) const;

    const std::string& directory() const { return scratch_.path(); }
    const std::string& image() const { return image_; }
    const Settings& settings() const { return settings_; }

private:
    std::unique_ptr<Engine> own(const std::string& program) const;

    Settings settings_;
    ScratchDirectory scratch_;
    std::string image_;
};

// Where a container of ours lies: its records and its log.
std::string directory_of(const EnginePlace& place, const std::string& id);

// Proportional set size of a process in KiB (proc_pid_smaps_rollup in proc(5)).
double pss_kib(pid_t pid);

// The processes of that name (comm), at most 15 bytes of it.
std::vector<pid_t> processes_named(const std::string& name);
