// What is only looked at: the list, one container.

#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/disk_usage.hpp"
#include "stage6-daemon-shim/core/daemon/list_filters.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// With `size=1`: what the container has written, and with its image.
static Task<void> add_sizes(Daemon& daemon, ContainerPointer container, Json& answer) {
    const std::string written = container->directory + "/" + kUpperDirectory;
    const std::int64_t bytes = co_await disk_usage(daemon.loop, written);
    const std::string id = JsonReader{container->config}.get_string("Image");
    const ImagePointer image = id.empty() ? nullptr : daemon.images.find(id);
    answer["SizeRw"] = bytes;
    answer["SizeRootFs"] = bytes + (image == nullptr ? 0 : static_cast<std::int64_t>(image->bytes));
}

static Task<void> list(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ListFilters filters{request.query().get("filters"), daemon.table};
    const long limit = request.query().get_number("limit", -1);
    const bool all = request.query().flag("all") || limit > 0 || filters.include_stopped();
    const bool size = request.query().flag("size");
    std::string answer = "[";
    long count = 0;
    for (const ContainerPointer& container : daemon.table.all()) {
        if (!all && !counts_as_running(container->state)) continue;
        if (!filters.pass(*container)) continue;
        if (limit > 0 && count++ == limit) break;
        if (answer.size() > 1) answer += ',';
        if (!size) {
            append_summary(*container, answer);
            continue;
        }
        Json summary = summary_of(*container);
        co_await add_sizes(daemon, container, summary);
        summary.append_to(answer);
    }
    answer += "]\n";
    co_await responder.send(200, "application/json", answer);
}

static Task<void> inspect(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ContainerPointer container = daemon.table.find(request.parameter("id"));
    Json answer = inspection_of(*container);
    for (const DaemonFeature& feature : daemon.features) {
        if (feature.inspect != nullptr) feature.inspect(*container, answer);
    }
    if (request.query().flag("size")) co_await add_sizes(daemon, container, answer);
    co_await responder.send_json(200, std::move(answer));
}

std::vector<Route> show_routes(Daemon& daemon) {
    return {route(daemon, "GET", "/containers/json", list),
            route(daemon, "GET", "/containers/{id}/json", inspect)};
}
