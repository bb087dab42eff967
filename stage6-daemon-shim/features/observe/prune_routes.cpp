#include "stage6-daemon-shim/features/observe/prune_routes.hpp"

#include <array>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/daemon/disk_usage.hpp"
#include "stage6-daemon-shim/core/daemon/filters.hpp"
#include "stage6-daemon-shim/core/daemon/image_show.hpp"

static constexpr std::array<std::string_view, 3> kKeys = {"until", "label", "label!"};

static bool may_be_pruned(const Container& container, const Filters& filters) {
    if (counts_as_running(container.state) || container.starting || container.removing) {
        return false;
    }
    const Labels labels = labels_of(container);
    const auto is_older = [&](const std::string& until) {
        return container.created_at < parse_until(until, "until");
    };
    const auto has = [&](const std::string& wanted) { return has_label(labels, wanted); };
    const auto has_not = [&](const std::string& wanted) { return !has_label(labels, wanted); };
    return filters.all("until", is_older) && filters.all("label", has) &&
           filters.all("label!", has_not);
}

static Task<std::int64_t> size_of(Daemon& daemon, ContainerPointer container) {
    return disk_usage(daemon.loop, container->directory + "/" + kUpperDirectory);
}

// Those that nobody has started meanwhile. A container that cannot be removed keeps the others from
// nothing.
static Task<void> prune_containers(Daemon& daemon, HistoryPointer history, HttpRequest& request,
                                   HttpResponder& responder) {
    const Filters filters{request.query().get("filters"), kKeys};
    for (const auto& until : filters.values("until")) parse_until(until, "until");
    Json removed = Json::array();
    std::int64_t reclaimed = 0;
    for (const ContainerPointer& container : daemon.table.all()) {
        if (!may_be_pruned(*container, filters)) continue;
        const std::int64_t bytes = co_await size_of(daemon, container);
        try {
            co_await daemon.lifecycle.remove(container, container->id, false);
        } catch (const HttpError&) {
            continue;
        }
        removed.push_back(container->id);
        reclaimed += bytes;
    }
    history->add({0, "container", "prune", "", {{"reclaimed", std::to_string(reclaimed)}}});
    Json answer = Json::object();
    answer["ContainersDeleted"] = removed.as_array().empty() ? Json{} : std::move(removed);
    answer["SpaceReclaimed"] = reclaimed;
    co_await responder.send_json(200, std::move(answer));
}

// Of these there is nothing that could be left over.
static Task<void> prune_networks(Daemon&, HttpRequest&, HttpResponder& responder) {
    Json answer;
    answer["NetworksDeleted"] = nullptr;
    co_await responder.send_json(200, std::move(answer));
}

static Task<void> prune_volumes(Daemon&, HttpRequest&, HttpResponder& responder) {
    Json answer;
    answer["VolumesDeleted"] = Json::array();
    answer["SpaceReclaimed"] = 0;
    co_await responder.send_json(200, std::move(answer));
}

static Task<void> prune_builds(Daemon&, HttpRequest&, HttpResponder& responder) {
    Json answer;
    answer["CachesDeleted"] = nullptr;
    answer["SpaceReclaimed"] = 0;
    co_await responder.send_json(200, std::move(answer));
}

static Task<void> disk_use(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    Json answer;
    answer["LayersSize"] = 0;
    answer["Images"] = Json::array();
    std::uint64_t layers = 0;
    for (const ImagePointer& image : daemon.images.all()) {
        layers += image->bytes;
        answer["Images"].push_back(summary_of(daemon.images, *image, request.api_minor_version()));
    }
    answer["LayersSize"] = layers;
    answer["Containers"] = Json::array();
    for (const ContainerPointer& container : daemon.table.all()) {
        const std::int64_t bytes = co_await size_of(daemon, container);
        Json summary = summary_of(*container);
        summary["SizeRw"] = bytes;
        answer["Containers"].push_back(std::move(summary));
    }
    answer["Volumes"] = Json::array();
    answer["BuildCache"] = Json::array();
    co_await responder.send_json(200, std::move(answer));
}

std::vector<Route> prune_routes(Daemon& daemon, HistoryPointer history) {
    const auto prune = [&daemon, history](HttpRequest& request, HttpResponder& responder) {
        return prune_containers(daemon, history, request, responder);
    };
    return {{"POST", "/containers/prune", prune},
            route(daemon, "POST", "/networks/prune", prune_networks),
            route(daemon, "POST", "/volumes/prune", prune_volumes),
            route(daemon, "POST", "/build/prune", prune_builds),
            route(daemon, "GET", "/system/df", disk_use, WhenGone::cancel)};
}
