// Which handler answers which request: a table of methods and paths.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stage6-daemon-shim/core/server/http_server.hpp"

// What becomes of a handler that waits while its client goes: one that acts runs to its end, one
// that only reads (logs, wait, events) is destroyed where it waits.
enum class WhenGone { finish, cancel };

struct Route {
    std::string_view method;

    // "/containers/{id}/json"; {name...}, at most once, stands for one segment or more:
    // "/images/{name...}/json". Segments are compared as they are sent, values decoded.
    std::string_view pattern;

    HttpHandler handler;
    WhenGone when_gone = WhenGone::finish;
};

// The versions of the API that paths may begin with: /v1.MINOR.
struct ApiVersions {
    int minor_min = 24;
    int minor_max = 44;  // also what a path without a version means
};

class Router {
public:
    explicit Router(std::vector<Route> routes, ApiVersions versions = {});

    // Finds the route and starts its handler; OPTIONS of a known path is answered here. The first
    // that fits counts, among those whose first segment is a name. Throws HttpError: 404 `page not
    // found`, also for a known path with another method; 400 for a version out of range.
    Task<void> operator()(HttpRequest& request, HttpResponder& responder) const;

private:
    static constexpr std::size_t kSegmentsMax = 32;

    struct Segments {
        std::array<std::string_view, kSegmentsMax> items;
        std::size_t count = 0;
    };
    struct Compiled {
        Route route;
        std::vector<std::string> segments;
        std::size_t wildcard;  // where {name...} stands; the number of segments if there is none
    };

    static bool split(std::string_view path, Segments& segments);
    static bool fits(const Compiled& compiled, const Segments& segments);
    static HttpRequest::Parameters parameters_of(const Compiled& compiled,
                                                 const Segments& segments);
    int minor_version(std::string_view version) const;
    const Compiled* find(std::string_view method, const Segments& segments) const;

    std::vector<Compiled> routes_;
    // By their first segment, "" for a parameter there: the places in routes_, in order.
    std::map<std::string, std::vector<std::size_t>, std::less<>> by_first_;
    ApiVersions versions_;
};
