#include "stage6-daemon-shim/core/server/router.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

static bool is_parameter(std::string_view segment) {
    return segment.starts_with('{');
}
static bool is_wildcard(std::string_view segment) {
    return segment.ends_with("...}");
}

// "{id}" and "{name...}" without what marks them.
static std::string_view name_of(std::string_view segment) {
    segment.remove_prefix(1);
    return segment.substr(0, segment.find_first_of(".}"));
}

// False for an empty segment and for more than there may be.
bool Router::split(std::string_view path, Segments& segments) {
    segments.count = 0;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        if (end == 0 || segments.count == kSegmentsMax) return false;
        segments.items[segments.count++] = path.substr(0, end);
        path.remove_prefix(end);
    }
    return true;
}

Router::Router(std::vector<Route> routes, ApiVersions versions) : versions_{versions} {
    for (Route& route : routes) {
        Segments segments;
        if (!split(route.pattern, segments)) {
            throw std::invalid_argument{"route " + std::string{route.pattern}};
        }
        const auto begin = segments.items.begin();
        const auto end = begin + static_cast<std::ptrdiff_t>(segments.count);
        const auto wildcard = std::find_if(begin, end, is_wildcard);
        const bool is_named = begin != end && !is_parameter(*begin);
        by_first_[is_named ? std::string{*begin} : ""].push_back(routes_.size());
        routes_.push_back({std::move(route), std::vector<std::string>(begin, end),
                           static_cast<std::size_t>(wildcard - begin)});
    }
}

bool Router::fits(const Compiled& compiled, const Segments& segments) {
    const std::vector<std::string>& pattern = compiled.segments;
    const bool has_wildcard = compiled.wildcard < pattern.size();
    if (has_wildcard ? segments.count < pattern.size() : segments.count != pattern.size()) {
        return false;
    }
    const std::size_t extra = segments.count - pattern.size();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const std::string_view segment = segments.items[i > compiled.wildcard ? i + extra : i];
        if (!is_parameter(pattern[i]) && pattern[i] != segment) return false;
    }
    return true;
}

HttpRequest::Parameters Router::parameters_of(const Compiled& compiled, const Segments& segments) {
    HttpRequest::Parameters parameters;
    const std::size_t extra = segments.count - compiled.segments.size();
    for (std::size_t i = 0; i < compiled.segments.size(); ++i) {
        if (!is_parameter(compiled.segments[i])) continue;
        const std::size_t first = i > compiled.wildcard ? i + extra : i;
        const std::size_t last = i == compiled.wildcard ? i + extra : first;
        // Segments are views of one path: the text from the first to the last is there as it is.
        const char* const begin = segments.items[first].data();
        const char* const end = segments.items[last].data() + segments.items[last].size();
        parameters.emplace_back(name_of(compiled.segments[i]),
                                percent_decoded({begin, static_cast<std::size_t>(end - begin)}));
    }
    return parameters;
}

// "v1.44" with its digits and points: a version rather than a path of that name.
static bool is_version(std::string_view segment) {
    return segment.size() > 1 && segment.starts_with('v') &&
           segment.find_first_not_of("0123456789.", 1) == std::string_view::npos;
}

int Router::minor_version(std::string_view version) const {
    int major = 0, minor = 0;
    const char* const end = version.data() + version.size();
    const auto [point, error] = std::from_chars(version.data(), end, major);
    bool huge = error == std::errc::result_out_of_range;
    if (point != end) {
        huge = std::from_chars(point + 1, end, minor).ec == std::errc::result_out_of_range || huge;
    }
    const std::string text{"client version " + std::string{version}};
    if (huge || major > 1 || (major == 1 && minor > versions_.minor_max)) {
        throw HttpError{400, text + " is too new. Maximum supported API version is 1." +
                                 std::to_string(versions_.minor_max)};
    }
    if (major < 1 || minor < versions_.minor_min) {
        throw HttpError{400, text + " is too old. Minimum supported API version is 1." +
                                 std::to_string(versions_.minor_min) +
                                 ", please upgrade your client to a newer version"};
    }
    return minor;
}

const Router::Compiled* Router::find(std::string_view method, const Segments& segments) const {
    for (const std::string_view first : {segments.items[0], std::string_view{}}) {
        const auto places = by_first_.find(first);
        if (places == by_first_.end()) continue;
        for (const std::size_t place : places->second) {
            const Compiled& compiled = routes_[place];
            const bool right = method == "OPTIONS" || compiled.route.method == method;
            if (right && fits(compiled, segments)) return &compiled;
        }
    }
    return nullptr;
}

Task<void> Router::operator()(HttpRequest& request, HttpResponder& responder) const {
    const bool options = request.method() == "OPTIONS";
    if (options && request.path() == "*") return responder.send(200);
    std::string_view path = request.path();
    std::string_view version;
    const std::size_t slash = std::min(path.find('/', 1), path.size());
    if (path.size() > 1 && is_version(path.substr(1, slash - 1))) {
        version = path.substr(2, slash - 2);
        path.remove_prefix(slash);
    }
    Segments segments;
    if (!split(path, segments)) throw HttpError{404, "page not found"};
    const Compiled* const found = find(request.method(), segments);
    if (found == nullptr) throw HttpError{404, "page not found"};
    const int minor = version.empty() ? versions_.minor_max : minor_version(version);
    if (options) return responder.send(200);
    request.set_route(parameters_of(*found, segments), minor);
    if (found->route.when_gone == WhenGone::cancel) responder.cancel_when_gone();
    return found->route.handler(request, responder);
}
