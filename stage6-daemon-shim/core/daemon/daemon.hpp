// The daemon: everything that its handlers share, and its main loop.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "stage6-daemon-shim/core/daemon/announcements.hpp"
#include "stage6-daemon-shim/core/daemon/container_table.hpp"
#include "stage6-daemon-shim/core/daemon/exec_sessions.hpp"
#include "stage6-daemon-shim/core/daemon/feature.hpp"
#include "stage6-daemon-shim/core/daemon/image_store.hpp"
#include "stage6-daemon-shim/core/daemon/lifecycle.hpp"
#include "stage6-daemon-shim/core/daemon/log_watch.hpp"
#include "stage6-daemon-shim/core/server/router.hpp"

struct DaemonOptions {
    std::string program;      // "slipwayd": for messages and answers
    std::string engine_name;  // "slipway": for version and info
    std::string socket;       // a path
    std::string root;         // the state directory
    std::string group;        // who may use the socket beside its owner; empty: nobody
    std::string shim_program;
    std::string wire;        // the file in which all that clients say is written down, or -
    UserMapSpec user_map{};  // of every container's user namespace; size 0: none
    ResourceLimitSpec descriptors{};  // the limit that containers have, if they ask for no other
    bool isolated_by_default = true;
    bool quiet = false;
};

// What handlers work with. Handlers live in core/daemon/*_routes.cpp, and in the features.
struct Daemon {
    Daemon(EventLoop& the_loop, const DaemonOptions& the_options,
           std::span<const DaemonFeature> the_features);

    EventLoop& loop;
    const DaemonOptions& options;
    const std::span<const DaemonFeature> features;
    ContainerTable table;
    ImageStore images;
    LogWatch log_watch;
    Announcements announcements;
    Lifecycle lifecycle;
    ExecSessions execs;
    bool overlay;  // whether containers' roots can be an overlay of the image
};

// A route whose handler is a plain coroutine that works with the daemon.
using DaemonHandler = Task<void> (*)(Daemon& daemon, HttpRequest& request,
                                     HttpResponder& responder);
Route route(Daemon& daemon, std::string_view method, std::string_view pattern,
            DaemonHandler handler, WhenGone when_gone = WhenGone::finish);

// The routes of the core, by group.
std::vector<Route> container_routes(Daemon& daemon);  // create, start, stop, kill, remove, wait
std::vector<Route> log_routes(Daemon& daemon);        // logs
std::vector<Route> attach_routes(Daemon& daemon);     // attach, also as a WebSocket
std::vector<Route> exec_routes(Daemon& daemon);       // exec, also as a WebSocket
std::vector<Route> show_routes(Daemon& daemon);       // list, inspect
std::vector<Route> image_routes(Daemon& daemon);      // images, tag, rmi, import
std::vector<Route> refused_routes(Daemon& daemon);    // what is not built in
std::vector<Route> system_routes(Daemon& daemon);     // ping, version, info

// The whole program: recovers what is there, opens the socket and serves until SIGTERM or SIGINT.
// Returns 0 when it was ended on request. Throws Failure and SystemError when it cannot begin.
int run_daemon(const DaemonOptions& options, std::span<const DaemonFeature> features);

// The options of the command line; `family` ("slipway") names the default socket and root. --help
// ends the program. Features bring options of their own. Throws UsageError.
DaemonOptions parse_daemon_options(const DaemonOptions& defaults, const std::string& family,
                                   const std::vector<std::string>& arguments,
                                   std::span<const DaemonFeature> features);
