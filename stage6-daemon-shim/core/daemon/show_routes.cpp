// What is only looked at: the list, one container, the images.

#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/list_filters.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static Task<void> list(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ListFilters filters{request.query().get("filters")};
    const long limit = request.query().get_number("limit", -1);
    const bool all = request.query().flag("all") || limit > 0 || filters.include_stopped();
    Json answer = Json::array();
    long count = 0;
    for (const ContainerPointer& container : daemon.table.all()) {
        if (!all && container->state != State::running) continue;
        if (!filters.pass(*container)) continue;
        if (limit > 0 && count++ == limit) break;
        answer.push_back(summary_of(*container));
    }
    co_await responder.send_json(200, std::move(answer));
}

static Task<void> inspect(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ContainerPointer container = daemon.table.find(request.parameter("id"));
    co_await responder.send_json(200, inspection_of(*container));
}

static Task<void> list_images(Daemon& daemon, HttpRequest&, HttpResponder& responder) {
    Json answer = Json::array();
    if (daemon.image.exists()) answer.push_back(daemon.image.summary());
    co_await responder.send_json(200, std::move(answer));
}

static Task<void> inspect_image(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("name");
    if (!daemon.image.is_called(name)) throw HttpError{404, "No such image: " + name};
    co_await responder.send_json(200, daemon.image.summary());
}

// What a client asks for when create has answered that there is no such image.
static Task<void> pull_image(Daemon&, HttpRequest& request, HttpResponder&) {
    throw HttpError{404, "pull " + request.query().get("fromImage") +
                             ": there is no registry here; the one image is called host"};
    co_return;
}

std::vector<Route> show_routes(Daemon& daemon) {
    return {route(daemon, "GET", "/containers/json", list),
            route(daemon, "GET", "/containers/{id}/json", inspect),
            route(daemon, "GET", "/images/json", list_images),
            route(daemon, "GET", "/images/{name...}/json", inspect_image),
            route(daemon, "POST", "/images/create", pull_image)};
}
