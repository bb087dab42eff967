#include "stage6-daemon-shim/core/daemon/image_removal.hpp"

#include <algorithm>

#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/filters.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// Who uses an image: one that runs before one that does not.
static ContainerPointer user_of(const Daemon& daemon, const Image& image, bool running) {
    for (const ContainerPointer& container : daemon.table.all()) {
        const bool uses = JsonReader{container->config}.get_string("Image") == image.id;
        if (uses && counts_as_running(container->state) == running) return container;
    }
    return nullptr;
}

static void check_removable(const Daemon& daemon, const Image& image, bool force) {
    const std::string unable = "conflict: unable to delete " + image.short_id();
    if (const auto container = user_of(daemon, image, true)) {
        throw HttpError{409, unable + " (cannot be forced) - image is being used by running " +
                                 "container " + container->short_id()};
    }
    if (force) return;
    if (daemon.images.names_of(image.id).size() > 1) {
        throw HttpError{
            409, unable + " (must be forced) - image is referenced in multiple " + "repositories"};
    }
    if (const auto container = user_of(daemon, image, false)) {
        throw HttpError{409, unable + " (must be forced) - image is being used by stopped " +
                                 "container " + container->short_id()};
    }
}

static void tell_untagged(Daemon& daemon, const Image& image, const std::string& name,
                          Json& answer) {
    daemon.announcements.of_image(image.id, "untag", {{"name", image.id}});
    answer.push_back(Json::object({{"Untagged", name}}));
}

static void remove_whole(Daemon& daemon, const Image& image, Json& answer) {
    const auto names = daemon.images.names_of(image.id);
    daemon.images.remove(image);
    for (const auto& name : names) tell_untagged(daemon, image, name, answer);
    daemon.announcements.of_image(image.id, "delete", {{"name", image.id}});
    answer.push_back(Json::object({{"Deleted", image.id}}));
}

// True when the image itself is to go, too.
static bool remove_name(Daemon& daemon, const Image& image, const std::string& as_given, bool force,
                        Json& answer) {
    const bool is_last = daemon.images.names_of(image.id).size() == 1;
    if (is_last && !force) {
        auto container = user_of(daemon, image, true);
        if (!container) container = user_of(daemon, image, false);
        if (container) {
            throw HttpError{409, "conflict: unable to remove repository reference \"" + as_given +
                                     "\" (must force) - container " + container->short_id() +
                                     " is using its referenced image " + image.short_id()};
        }
    }
    // With its last name it goes, unless somebody runs on it.
    if (is_last && !user_of(daemon, image, true)) return true;
    const std::string name = parse_image_name(as_given).text();
    daemon.images.untag(name);
    tell_untagged(daemon, image, name, answer);
    return false;
}

static ImageStore::Dropped drop_unused_layers(Daemon& daemon) {
    const auto is_used = [&](const std::string& root) {
        return std::ranges::any_of(daemon.table.all(), [&](const ContainerPointer& container) {
            const Json* spec = container->config.find("spec");
            const Json* annotations = spec == nullptr ? nullptr : spec->find("annotations");
            if (annotations == nullptr) return true;  // damaged: nobody can tell
            const Json* lower = annotations->find("slipway.overlay.lower");
            return lower != nullptr && lower->is_string() &&
                   lower->as_string().find(root) != std::string::npos;
        });
    };
    return daemon.images.drop_layers(is_used);
}

void keep_layers_clear(Daemon& daemon) {
    drop_unused_layers(daemon);
    daemon.announcements.listen([&daemon](const Announcement& announcement) {
        if (announcement.container == nullptr || announcement.action != "destroy") return;
        try {
            drop_unused_layers(daemon);
        } catch (const std::exception&) {
            // It stays until the next time: a listener must not throw.
        }
    });
}

Json remove_image(Daemon& daemon, const std::string& as_given, bool force) {
    const ImagePointer image = daemon.images.get(as_given);
    const bool by_id = image->id.starts_with(as_given) ||
                       image->id.substr(image->id.find(':') + 1).starts_with(as_given);
    Json answer = Json::array();
    if (by_id) {
        check_removable(daemon, *image, force);
        remove_whole(daemon, *image, answer);
    } else if (remove_name(daemon, *image, as_given, force, answer)) {
        remove_whole(daemon, *image, answer);
    }
    for (const auto& layer : drop_unused_layers(daemon).layers) {
        answer.push_back(Json::object({{"Deleted", layer}}));
    }
    return answer;
}

static constexpr std::string_view kPruneKeys[] = {"dangling", "label", "label!", "until"};

static bool may_be_pruned(const Daemon& daemon, const Image& image, const Filters& filters,
                          bool nameless_only) {
    if (nameless_only && !daemon.images.names_of(image.id).empty()) return false;
    if (user_of(daemon, image, true) || user_of(daemon, image, false)) return false;
    const Labels labels = JsonReader{image.config}.get_object("config").get_string_map("Labels");
    const auto has = [&](const std::string& wanted) { return has_label(labels, wanted); };
    const auto lacks = [&](const std::string& wanted) { return !has_label(labels, wanted); };
    const auto is_older = [&](const std::string& until) {
        return image.created_at < parse_until(until, "until");
    };
    return filters.all("label", has) && filters.all("label!", lacks) &&
           filters.all("until", is_older);
}

Json prune_images(Daemon& daemon, const std::string& text) {
    const Filters filters{text, kPruneKeys};
    const auto dangling = filters.values("dangling");
    const bool nameless_only = dangling.empty() || (dangling[0] != "false" && dangling[0] != "0");
    Json deleted = Json::array();
    std::uint64_t bytes = 0;
    for (const ImagePointer& image : daemon.images.all()) {
        if (!may_be_pruned(daemon, *image, filters, nameless_only)) continue;
        remove_whole(daemon, *image, deleted);
        bytes += image->bytes;
    }
    drop_unused_layers(daemon);
    daemon.announcements.of_image("", "prune", {{"reclaimed", std::to_string(bytes)}});
    Json answer = Json::object();
    answer["ImagesDeleted"] = deleted.as_array().empty() ? Json{} : std::move(deleted);
    answer["SpaceReclaimed"] = bytes;
    return answer;
}
