// What Docker's API has and this engine has not (yet): each answer says so in words. And networks
// and volumes, of which there is little to be seen.

#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

struct Refused {
    std::string_view method, pattern;
    const char* what;
};

static constexpr Refused kRefused[] = {
    {"POST", "/images/{name...}/push", "push"},
    {"GET", "/images/search", "search"},
    {"POST", "/images/load", "load"},
    {"GET", "/images/get", "save"},
    {"GET", "/images/{name...}/get", "save"},
    {"POST", "/commit", "commit"},
    {"POST", "/build", "build"},
    {"POST", "/auth", "login"},
    {"GET", "/containers/{id}/changes", "diff"},
    {"GET", "/containers/{id}/export", "export"},
    {"GET", "/containers/{id}/archive", "cp"},
    {"PUT", "/containers/{id}/archive", "cp"},
    {"HEAD", "/containers/{id}/archive", "cp"},
    {"POST", "/volumes/create", "volume create"},
    {"POST", "/networks/create", "network create"},
    {"POST", "/networks/{id}/connect", "network connect"},
    {"POST", "/networks/{id}/disconnect", "network disconnect"},
};

static Task<void> refuse(HttpResponder& responder, const char* what) {
    co_await responder.send_error(501, std::string{what} + " is not built in");
}

struct Network {
    const char *name, *driver, *id;
};
// Made-up numbers: nothing of these is kept anywhere.
static constexpr Network kNetworks[] = {
    {"none", "null", "6e6f6e6500000000000000000000000000000000000000000000000000000000"},
    {"host", "host", "686f737400000000000000000000000000000000000000000000000000000000"},
};

static Json json_of(const Network& network) {
    return Json::object(
        {{"Name", network.name},
         {"Id", network.id},
         {"Created", time_text(0)},
         {"Scope", "local"},
         {"Driver", network.driver},
         {"EnableIPv6", false},
         {"IPAM",
          Json::object({{"Driver", "default"}, {"Options", nullptr}, {"Config", Json::array()}})},
         {"Internal", false},
         {"Attachable", false},
         {"Ingress", false},
         {"ConfigFrom", Json::object({{"Network", ""}})},
         {"ConfigOnly", false},
         {"Containers", Json::object()},
         {"Options", Json::object()},
         {"Labels", Json::object()}});
}

static Task<void> list_networks(Daemon&, HttpRequest&, HttpResponder& responder) {
    Json answer = Json::array();
    for (const Network& network : kNetworks) answer.push_back(json_of(network));
    co_await responder.send_json(200, std::move(answer));
}

static const Network& network_called(const std::string& name) {
    for (const Network& network : kNetworks) {
        const std::string id = network.id;
        if (name == network.name || (name.size() >= 12 && id.starts_with(name))) return network;
    }
    throw HttpError{404, "network " + name + " not found"};
}

static Task<void> inspect_network(Daemon&, HttpRequest& request, HttpResponder& responder) {
    co_await responder.send_json(200, json_of(network_called(request.parameter("id"))));
}

static Task<void> remove_network(Daemon&, HttpRequest& request, HttpResponder&) {
    const Network& network = network_called(request.parameter("id"));
    throw HttpError{403,
                    std::string{network.name} + " is a pre-defined network and cannot be removed"};
    co_return;
}

static Json no_volumes() {
    return Json::object({{"Volumes", Json::array()}, {"Warnings", nullptr}});
}

static Task<void> list_volumes(Daemon&, HttpRequest&, HttpResponder& responder) {
    co_await responder.send_json(200, no_volumes());
}

static Task<void> no_such_volume(Daemon&, HttpRequest& request, HttpResponder&) {
    throw HttpError{404, "get " + request.parameter("name") + ": no such volume"};
    co_return;
}

std::vector<Route> refused_routes(Daemon& daemon) {
    std::vector<Route> routes = {route(daemon, "GET", "/networks", list_networks),
                                 route(daemon, "GET", "/networks/{id}", inspect_network),
                                 route(daemon, "DELETE", "/networks/{id}", remove_network),
                                 route(daemon, "GET", "/volumes", list_volumes),
                                 route(daemon, "GET", "/volumes/{name}", no_such_volume),
                                 route(daemon, "DELETE", "/volumes/{name}", no_such_volume)};
    for (const Refused& refused : kRefused) {
        const auto handle = [what = refused.what](HttpRequest&, HttpResponder& responder) {
            return refuse(responder, what);
        };
        routes.push_back({refused.method, refused.pattern, handle});
    }
    return routes;
}
