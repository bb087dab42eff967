#include "stage6-daemon-shim/features/observe/stats_routes.hpp"

#include "stage6-daemon-shim/features/observe/usage.hpp"

static constexpr std::chrono::seconds kInterval{1};

// One object a second; `stream=0` asks for one that has a measurement before it, and `one-shot=1`
// for one without, at once.
static Task<void> stats(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ContainerPointer container = daemon.table.find(request.parameter("id"));
    const bool streams = request.query().flag("stream", true);
    const bool one_shot = request.query().flag("one-shot");
    Usage before;
    Usage now = measure(*container);
    auto next = Clock::now() + kInterval;
    if (!streams) {
        if (!one_shot && now.time != 0) {
            co_await daemon.loop.sleep_until(next);
            before = std::move(now);
            now = measure(*container);
        }
        co_await responder.send_json(200, stats_of(*container, now, before));
        co_return;
    }
    co_await responder.start_stream(200, "application/json");
    while (!container->removed) {
        const std::string line = stats_of(*container, now, before).text() + "\n";
        co_await responder.write(line);
        co_await daemon.loop.sleep_until(next);
        next = std::max(next, Clock::now()) + kInterval;
        before = std::move(now);
        now = measure(*container);
    }
}

Route stats_route(Daemon& daemon) {
    return route(daemon, "GET", "/containers/{id}/stats", stats, WhenGone::cancel);
}
