// Images: what there is, what they are called, and bringing one in.

#include <fnmatch.h>

#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/filters.hpp"
#include "stage6-daemon-shim/core/daemon/image_changes.hpp"
#include "stage6-daemon-shim/core/daemon/image_removal.hpp"
#include "stage6-daemon-shim/core/daemon/image_show.hpp"
#include "stage6-daemon-shim/core/daemon/worker.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// --- looking ------------------------------------------------------------------------------------

static constexpr std::string_view kListKeys[] = {"reference", "dangling", "label",
                                                 "before",    "since",    "until"};

// A pattern without a tag is for all tags.
static bool fits_reference(const std::vector<std::string>& names, const std::string& pattern) {
    return std::ranges::any_of(names, [&](const std::string& name) {
        const std::string repository = name.substr(0, name.rfind(':'));
        return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0 ||
               ::fnmatch(pattern.c_str(), repository.c_str(), FNM_PATHNAME) == 0;
    });
}

static void check_dangling(const Filters& filters) {
    for (const auto& value : filters.values("dangling")) {
        if (value == "true" || value == "1" || value == "false" || value == "0") continue;
        throw HttpError{400, "invalid filter 'dangling=[" + value + "]'"};
    }
}

static bool passes(const Daemon& daemon, const Image& image, const Filters& filters) {
    const auto names = daemon.images.names_of(image.id);
    const Labels labels = JsonReader{image.config}.get_object("config").get_string_map("Labels");
    const auto created = [&](const std::string& other) {
        return daemon.images.get(other)->created_at;
    };
    return filters.any("reference", [&](const auto& text) {
        return fits_reference(names, text);
    }) && filters.any("dangling", [&](const auto& text) {
        return names.empty() == (text == "true" || text == "1");
    }) && filters.all("label", [&](const auto& text) {
        return has_label(labels, text);
    }) && filters.all("before", [&](const auto& text) {
        return image.created_at < created(text);
    }) && filters.all("since", [&](const auto& text) {
        return image.created_at > created(text);
    }) && filters.all("until", [&](const auto& text) {
        return image.created_at < parse_until(text, "until");
    });
}

static Task<void> list(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const Filters filters{request.query().get("filters"), kListKeys};
    check_dangling(filters);
    Json answer = Json::array();
    for (const ImagePointer& image : daemon.images.all()) {
        if (!passes(daemon, *image, filters)) continue;
        answer.push_back(summary_of(daemon.images, *image, request.api_minor_version()));
    }
    co_await responder.send_json(200, std::move(answer));
}

static Task<void> inspect(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ImagePointer image = daemon.images.get(request.parameter("name"));
    co_await responder.send_json(200, inspection_of(daemon.images, *image));
}

static Task<void> history(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ImagePointer image = daemon.images.get(request.parameter("name"));
    co_await responder.send_json(200, history_of(daemon.images, *image));
}

// --- names --------------------------------------------------------------------------------------

static Task<void> tag(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ImagePointer image = daemon.images.get(request.parameter("name"));
    const Query& query = request.query();
    const ImageName name = parse_image_name(query.get("repo"), query.get("tag"));
    daemon.images.tag(*image, name);
    daemon.announcements.of_image(image->id, "tag", {{"name", name.text()}});
    co_await responder.send(201);
}

static Task<void> remove(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const bool force = request.query().flag("force");
    co_await responder.send_json(200, remove_image(daemon, request.parameter("name"), force));
}

static Task<void> prune(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    co_await responder.send_json(200, prune_images(daemon, request.query().get("filters")));
}

// --- bringing one in ----------------------------------------------------------------------------

// The body of the request is the archive: it goes into a worker as it comes.
static Task<std::string> extract_body(EventLoop& loop, HttpRequest& request,
                                      std::string directory) {
    std::vector<std::string> job = {"extract-tar", std::move(directory)};
    Worker worker{loop, std::move(job), {}, Worker::Input::pipe};
    std::string piece;
    try {
        while (true) {
            piece.clear();
            const bool more = co_await request.read_some(piece);
            if (!more) break;
            co_await worker.input().write(piece);
        }
    } catch (const PeerGone&) {
        // It has failed, and says why.
    }
    std::string content = co_await worker.finish();
    co_return content;
}

static Json imported_config(const Query& query) {
    const std::string now = time_text(wall_time_now());
    const std::string message = query.get("message", "");
    const std::string comment = message.empty() ? "Imported from -" : message;
    Json defaults = Json::object();
    for (const auto& [name, value] : query.all()) {
        if (name == "changes") apply_change(defaults, value);
    }
    return Json::object(
        {{"created", now},
         {"comment", comment},
         {"config", std::move(defaults)},
         {"history", Json::array({Json::object({{"created", now}, {"comment", comment}})})}});
}

static Task<void> import(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const Query& query = request.query();
    const std::string repository = query.get("repo");
    std::optional<ImageName> name;
    if (!repository.empty()) name = parse_image_name(repository, query.get("tag"));
    const ImageStore::Fill fill = [&](std::string directory) {
        return extract_body(daemon.loop, request, std::move(directory));
    };
    const ImagePointer image = co_await daemon.images.add(fill, imported_config(query), name);
    if (name) daemon.announcements.of_image(image->id, "tag", {{"name", name->text()}});
    daemon.announcements.of_image(image->id, "import", {{"name", image->id}});
    const std::string answer = Json::object({{"status", image->id}}).text() + "\r\n";
    co_await responder.send(200, "application/json", answer);
}

// A client asks for `fromImage` when create has answered that there is no such image.
static Task<void> create(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string wanted = request.query().get("fromImage");
    if (!wanted.empty()) {
        const ImageName name = parse_image_name(wanted, request.query().get("tag"));
        throw HttpError{404, "pull " + name.text() +
                                 ": not built in: images come by import, and host is always there"};
    }
    const std::string source = request.query().get("fromSrc");
    if (source.empty()) throw HttpError{400, "neither fromImage nor fromSrc is given"};
    if (source != "-") {
        throw HttpError{501, "import from " + printable(source) +
                                 ": not built in: fetch it first, and import the file"};
    }
    co_await import(daemon, request, responder);
}

std::vector<Route> image_routes(Daemon& daemon) {
    return {route(daemon, "GET", "/images/json", list),
            route(daemon, "GET", "/images/{name...}/json", inspect),
            route(daemon, "GET", "/images/{name...}/history", history),
            route(daemon, "POST", "/images/{name...}/tag", tag),
            route(daemon, "POST", "/images/create", create),
            route(daemon, "POST", "/images/prune", prune),
            route(daemon, "DELETE", "/images/{name...}", remove)};
}
