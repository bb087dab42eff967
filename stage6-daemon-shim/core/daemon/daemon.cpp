#include "stage6-daemon-shim/core/daemon/daemon.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "common/process.hpp"
#include "common/socket.hpp"
#include "stage4-chroot/overlay_probe.hpp"
#include "stage6-daemon-shim/core/daemon/image_removal.hpp"
#include "stage6-daemon-shim/core/daemon/recovery.hpp"
#include "stage6-daemon-shim/core/wire/default_paths.hpp"

Daemon::Daemon(EventLoop& the_loop, const DaemonOptions& the_options,
               std::span<const DaemonFeature> the_features)
    : loop{the_loop},
      options{the_options},
      features{the_features},
      table{the_loop, the_options.root},
      images{the_loop, the_options.root + "/images"},
      log_watch{the_loop},
      lifecycle{the_loop, table, announcements, the_features, the_options.shim_program},
      execs{the_loop, announcements, the_features},
      overlay{can_mount_overlay(the_options.root + "/creating")} {}

Route route(Daemon& daemon, std::string_view method, std::string_view pattern,
            DaemonHandler handler, WhenGone when_gone) {
    const auto handle = [&daemon, handler](HttpRequest& request, HttpResponder& responder) {
        return handler(daemon, request, responder);
    };
    return {method, pattern, handle, when_gone};
}

static gid_t group_number(const std::string& name) {
    // SIMPLIFIED: /etc/group alone is read; getgrnam(3) would ask directories on the network too.
    const std::string groups = read_file("/etc/group");
    const auto at = ("\n" + groups).find("\n" + name + ":");
    if (at == std::string::npos) throw Failure{"--group " + name + ": no such group"};
    const auto number = groups.find(':', groups.find(':', at) + 1) + 1;
    return static_cast<gid_t>(std::stoul(groups.substr(number)));
}

// One daemon a socket. A socket file that nobody listens on is replaced, but only while we hold the
// lock beside it: two daemons that begin together must not unlink each other's.
static Fd lock_socket(const std::string& path) {
    const std::string lock_path = path + ".lock";
    Fd lock{check(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600),
                  "open", lock_path)};
    if (!lock_exclusively(lock.get(), lock_path)) {
        throw Failure{"listen on " + path + ": another daemon listens there"};
    }
    return lock;
}

static Fd open_socket(const DaemonOptions& options) {
    struct stat status {};
    if (::lstat(options.socket.c_str(), &status) == 0) {
        if (!S_ISSOCK(status.st_mode))
            throw Failure{"listen on " + options.socket + ": not a socket"};
        ::unlink(options.socket.c_str());
    }
    // The mode counts from the first moment: whoever can open it is root.
    const mode_t mask = ::umask(0177);
    Fd listener = listen_unix(options.socket);
    ::umask(mask);
    if (!options.group.empty()) {
        const gid_t group = group_number(options.group);
        check(::chown(options.socket.c_str(), static_cast<uid_t>(-1), group), "chown",
              options.socket);
        check(::chmod(options.socket.c_str(), 0660), "chmod", options.socket);
    }
    return listener;
}

static Task<void> stop_on_signal(EventLoop& loop, SignalFd& signals) {
    while (true) {
        co_await until_readable(loop, signals.get());
        const auto number = signals.next().ssi_signo;
        if (number == SIGTERM || number == SIGINT) break;
    }
    loop.stop();
}

static Router make_router(Daemon& daemon) {
    std::vector<Route> all;
    const auto add = [&](std::vector<Route> routes) {
        for (Route& route : routes) all.push_back(std::move(route));
    };
    // What the core answers a feature may answer better: features come first.
    for (const DaemonFeature& feature : daemon.features) {
        if (feature.routes != nullptr) add(feature.routes(daemon));
    }
    add(container_routes(daemon));
    add(log_routes(daemon));
    add(attach_routes(daemon));
    add(exec_routes(daemon));
    add(show_routes(daemon));
    add(image_routes(daemon));
    add(refused_routes(daemon));
    add(system_routes(daemon));
    return Router{std::move(all)};
}

static HttpServerOptions server_options(const DaemonOptions& options, WireLog* log) {
    HttpServerOptions server;
    server.log = log;
    server.headers = {{"Api-Version", "1.44"},
                      {"Docker-Experimental", "false"},
                      {"Ostype", "linux"},
                      {"Server", options.engine_name + "/" + std::string{kVersion} + " (linux)"}};
    return server;
}

int run_daemon(const DaemonOptions& options, std::span<const DaemonFeature> features) {
    SignalFd signals{SIGTERM, SIGINT, SIGPIPE};
    EventLoop loop;
    Daemon daemon{loop, options, features};
    for (const DaemonFeature& feature : features) {
        if (feature.begin != nullptr) feature.begin(daemon);
    }
    // Who answers may listen, too, and hear what a killed daemon did not live to tell.
    Router router = make_router(daemon);
    const auto found = recover_containers(daemon);
    keep_layers_clear(daemon);
    const Fd lock = lock_socket(options.socket);
    std::optional<WireLog> log;
    if (!options.wire.empty()) log.emplace(options.wire);
    HttpServer server{loop, open_socket(options), std::move(router),
                      server_options(options, log ? &*log : nullptr)};
    loop.spawn(stop_on_signal(loop, signals));
    if (!options.quiet) {
        print(options.program + ": listening on " + options.socket + ", state in " + options.root +
              ", " + std::to_string(found) + (found == 1 ? " container\n" : " containers\n"));
    }
    loop.run();
    ::unlink(options.socket.c_str());
    ::unlink((options.socket + ".lock").c_str());
    return 0;
}

DaemonOptions parse_daemon_options(const DaemonOptions& defaults, const std::string& family,
                                   const std::vector<std::string>& arguments,
                                   std::span<const DaemonFeature> features) {
    DaemonOptions options = defaults;
    const Program program = {
        options.program, "[--socket PATH] [--root DIR] [--group NAME]",
        "Keeps containers, and serves the Docker Engine API on a Unix socket.\n"
        "Containers outlive it: each has a shim of its own. Whoever can open the socket is root."};
    std::vector<Option> known = {
        {"--socket", "PATH", "where to listen", [&](auto text) { options.socket = text; }},
        {"--root", "DIR", "where containers are kept", [&](auto text) { options.root = text; }},
        {"--group", "NAME", "who may use the socket beside its owner",
         [&](auto text) { options.group = text; }},
        {"--shim", "PROGRAM", "what keeps a container (the one beside this program)",
         [&](auto text) { options.shim_program = std::filesystem::absolute(text); }},
        {"--wire", "FILE", "write down all that clients say and hear (- is standard error)",
         [&](auto text) { options.wire = text; }},
        {"--quiet", "", "say nothing at the start", [&](auto) { options.quiet = true; }}};
    for (const DaemonFeature& feature : features) {
        if (feature.options == nullptr) continue;
        for (Option& option : feature.options(options)) known.push_back(std::move(option));
    }
    const auto rest = parse_options(program, known, arguments);
    if (!rest.empty()) throw UsageError{"unknown argument " + printable(rest[0])};
    // Asked for last: the default directories are made and checked on the way.
    if (options.socket.empty()) options.socket = default_socket(family);
    if (options.root.empty()) options.root = default_root(family);
    // Shims work in /, and the records that name paths outlive this daemon.
    options.root = std::filesystem::absolute(options.root).lexically_normal();
    if (options.root.ends_with('/') && options.root != "/") options.root.pop_back();
    return options;
}
