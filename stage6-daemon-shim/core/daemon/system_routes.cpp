// The engine about itself.

#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/system_info.hpp"

static Task<void> ping(Daemon&, HttpRequest&, HttpResponder& responder) {
    responder.add_header("Cache-Control", "no-cache, no-store, must-revalidate");
    responder.add_header("Pragma", "no-cache");
    co_await responder.send(200, "text/plain; charset=utf-8", "OK");
}

static Task<void> version(Daemon& daemon, HttpRequest&, HttpResponder& responder) {
    co_await responder.send_json(200, version_of(daemon.options.engine_name));
}

static Task<void> info(Daemon& daemon, HttpRequest&, HttpResponder& responder) {
    SystemFacts facts;
    facts.engine_name = daemon.options.engine_name;
    facts.root = daemon.table.root();
    facts.driver = daemon.overlay ? "overlay" : "copy";
    facts.images = static_cast<int>(daemon.images.all().size());
    for (const ContainerPointer& container : daemon.table.all()) {
        const bool paused = container->state == State::paused;
        const bool running = counts_as_running(container->state) && !paused;
        ++(paused    ? facts.containers_paused
           : running ? facts.containers_running
                     : facts.containers_stopped);
    }
    Json info = info_of(facts);
    for (const DaemonFeature& feature : daemon.features) {
        if (feature.describe != nullptr) feature.describe(daemon, info);
    }
    co_await responder.send_json(200, info);
}

std::vector<Route> system_routes(Daemon& daemon) {
    return {route(daemon, "GET", "/_ping", ping), route(daemon, "HEAD", "/_ping", ping),
            route(daemon, "GET", "/version", version), route(daemon, "GET", "/info", info)};
}
