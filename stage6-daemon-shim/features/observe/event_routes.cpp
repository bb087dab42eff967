#include "stage6-daemon-shim/features/observe/event_routes.hpp"

#include <algorithm>
#include <array>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/filters.hpp"

static constexpr std::array<std::string_view, 14> kKeys = {
    "config", "container", "daemon", "event",  "image",   "label", "network",
    "node",   "plugin",    "scope",  "secret", "service", "type",  "volume"};
// What is done in a container comes with its command: `exec_start: sh -c x`.
static constexpr std::array<std::string_view, 3> kWithDetail = {"exec_create", "exec_start",
                                                                "health_status"};

static bool is_called(const std::string& action, const std::string& wanted) {
    const bool with_detail = std::ranges::find(kWithDetail, wanted) != kWithDetail.end();
    return action == wanted || (with_detail && action.starts_with(wanted + ":"));
}

static std::string attribute(const PastEvent& event, std::string_view name) {
    const auto found = std::ranges::find(event.attributes, name, &Attributes::value_type::first);
    return found == event.attributes.end() ? std::string{} : found->second;
}

static bool image_fits(const PastEvent& event, const std::string& wanted) {
    const std::string name = attribute(event, event.type == "image" ? "name" : "image");
    return event.id == wanted || name == wanted || name.substr(0, name.rfind(':')) == wanted;
}

static bool passes(const Filters& filters, const PastEvent& event) {
    return std::ranges::all_of(kKeys, [&](std::string_view key) {
        if (key == "label") {
            return filters.all(key, [&](const auto& wanted) {
                return event.type == "container" && has_label(event.attributes, wanted);
            });
        }
        return filters.any(key, [&](const auto& wanted) {
            if (key == "event") return is_called(event.action, wanted);
            if (key == "type") return event.type == wanted;
            if (key == "scope") return wanted == "local";
            if (key == "image") return image_fits(event, wanted);
            return event.type == key &&
                   (event.id.starts_with(wanted) || attribute(event, "name") == wanted);
        });
    });
}

// What part of the past and of the future is asked for.
struct Window {
    explicit Window(const Query& query);

    WallTime since = 0, until = 0;  // 0: not said
    Deadline end = kNever;
};

Window::Window(const Query& query) {
    if (!query.get("since").empty()) since = parse_unix_time(query.get("since"), "since");
    if (query.get("until").empty()) return;
    until = parse_unix_time(query.get("until"), "until");
    if (until < since) {
        throw HttpError{400, "`since` time (" + query.get("since") +
                                 ") cannot be after `until` time (" + query.get("until") + ")"};
    }
    // Nobody asks for a moment that is ages away in earnest, and the sum would overflow.
    const WallTime left = until - wall_time_now();
    if (left < 1'000'000 * kWallSecond) end = Clock::now() + std::chrono::nanoseconds{left};
}

static Task<void> events(HistoryPointer history, HttpRequest& request, HttpResponder& responder) {
    const Window window{request.query()};
    const Filters filters{request.query().get("filters"), kKeys};
    const bool replays = window.since != 0 || window.until != 0;
    std::uint64_t next = replays ? history->first() : history->next();
    co_await responder.start_stream(200, "application/json");
    while (true) {
        while (next < history->next()) {
            const PastEvent* event = history->find(next++);
            if (event == nullptr) throw Failure{"a reader of /events is too far behind"};
            const bool in_time =
                event->time >= window.since && (window.until == 0 || event->time <= window.until);
            if (!in_time || !passes(filters, *event)) continue;
            const std::string line = event->line();
            co_await responder.write(line);
        }
        if (window.until != 0 && wall_time_now() >= window.until) co_return;
        co_await history->changed.wait(window.end);
    }
}

Route event_route(HistoryPointer history) {
    const auto handle = [history](HttpRequest& request, HttpResponder& responder) {
        return events(history, request, responder);
    };
    return {"GET", "/events", handle, WhenGone::cancel};
}
