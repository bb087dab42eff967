#include "stage6-daemon-shim/features/observe/observe_in_daemon.hpp"

#include "stage6-daemon-shim/features/observe/event_routes.hpp"
#include "stage6-daemon-shim/features/observe/prune_routes.hpp"
#include "stage6-daemon-shim/features/observe/stats_routes.hpp"
#include "stage6-daemon-shim/features/observe/top_routes.hpp"

// The history is shared by its routes and by the listener that fills it: nobody else knows it.
static std::vector<Route> observe_routes(Daemon& daemon) {
    const auto history = std::make_shared<EventHistory>(daemon.loop);
    daemon.announcements.listen(
        [history](const Announcement& announcement) { history->add(announcement); });
    std::vector<Route> routes = prune_routes(daemon, history);
    routes.push_back(event_route(history));
    routes.push_back(stats_route(daemon));
    routes.push_back(top_route(daemon));
    return routes;
}

DaemonFeature observe_in_daemon() {
    return {.name = "observe", .routes = observe_routes};
}
