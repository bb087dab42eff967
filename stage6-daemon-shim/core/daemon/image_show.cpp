#include "stage6-daemon-shim/core/daemon/image_show.hpp"

#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr int kNamelessSinceMinor = 43;

static Json member_of(const Json& object, std::string_view name, Json fallback) {
    const Json* value = object.find(name);
    if (value == nullptr || value->is_null()) return fallback;
    return *value;
}

static Json labels_of(const Image& image) {
    return member_of(member_of(image.config, "config", Json::object()), "Labels", Json::object());
}

Json summary_of(const ImageStore& images, const Image& image, int api_minor_version) {
    std::vector<std::string> names = images.names_of(image.id);
    std::vector<std::string> digests;
    if (names.empty() && api_minor_version < kNamelessSinceMinor) {
        names = {"<none>:<none>"};
        digests = {"<none>@<none>"};
    }
    return Json::object({{"Id", image.id},
                         {"ParentId", ""},
                         {"RepoTags", Json::array(names)},
                         {"RepoDigests", Json::array(digests)},
                         {"Created", image.created_at / kWallSecond},
                         {"Size", image.bytes},
                         {"SharedSize", -1},
                         {"VirtualSize", image.bytes},
                         {"Labels", labels_of(image)},
                         {"Containers", -1}});
}

Json inspection_of(const ImageStore& images, const Image& image) {
    const JsonReader config{image.config};
    const Json data = Json::object({{"UpperDir", images.root_of(image)}});
    return Json::object(
        {{"Id", image.id},
         {"RepoTags", Json::array(images.names_of(image.id))},
         {"RepoDigests", Json::array()},
         {"Parent", ""},
         {"Comment", config.get_string("comment")},
         {"Created", time_text(image.created_at)},
         {"Author", config.get_string("author")},
         {"Config", member_of(image.config, "config", Json::object())},
         {"Architecture", config.get_string("architecture")},
         {"Os", config.get_string("os")},
         {"Size", image.bytes},
         {"VirtualSize", image.bytes},
         {"GraphDriver", Json::object({{"Name", "overlay"}, {"Data", data}})},
         {"RootFS",
          Json::object({{"Type", "layers"}, {"Layers", Json::array(std::vector{image.layer})}})},
         {"Metadata", Json::object({{"LastTagTime", time_text(0)}})}});
}

Json history_of(const ImageStore& images, const Image& image) {
    return Json::array(
        {Json::object({{"Id", image.id},
                       {"Created", image.created_at / kWallSecond},
                       {"CreatedBy", ""},
                       {"Tags", Json::array(images.names_of(image.id))},
                       {"Size", image.bytes},
                       {"Comment", JsonReader{image.config}.get_string("comment")}})});
}
