#include "tests/faults/image_acts.hpp"

#include <filesystem>

#include "common/error.hpp"
#include "tests/faults/pause.hpp"
#include "tests/faults/worker_files.hpp"
#include "tests/support/tar.hpp"

static constexpr const char* kNames[] = {"made", "tagged"};
static constexpr int kLooks = 1500;
static constexpr std::chrono::microseconds kBetweenLooks{20'000};

void import_image(const Engine& engine) {
    const ScratchFile archive{engine.place(), 0};
    archive.fill(tar_entry({"made/", '5', "", "", 0755}) +
                 tar_entry({"made/file", '0', "content\n"}) + tar_end());
    ApiClient api = engine.api();
    const ApiTarget target =
        ApiTarget{"/images/create"}.with("fromSrc", "-").with("repo", kNames[0]);
    HttpConnection connection = api.upload("POST", target, archive.fd());
    std::string answer;
    while (connection.receive(answer)) {
    }
}

std::string image_now(const Requests& api) {
    const Json images = parse_json(api.ask("GET", ApiTarget{"/images/json"}.with("all", "1")).body);
    std::string all;
    for (const Json& image : images.as_array()) {
        const Json* const tags = image.find("RepoTags");
        if (tags == nullptr || !tags->is_array() || tags->as_array().empty()) return "nameless";
        for (const Json& tag : tags->as_array()) all += tag.as_string() + " ";
    }
    if (all.find("<none>") != std::string::npos) return "nameless";
    std::string names;
    for (const std::string name : kNames) {
        if (all.find(name + ":latest ") == std::string::npos) continue;
        names += (names.empty() ? "" : "+") + name;
    }
    return names.empty() ? "-" : names;
}

// At most one of each is there, for the containers' own image; and nothing unfinished.
static std::string left_of_images(const std::string& root) {
    std::string left;
    for (const auto& [name, most] :
         {std::pair{"/images/unfinished", 0}, {"/images/layers", 1}, {"/images/configs", 1}}) {
        const std::filesystem::directory_iterator entries{root + name}, none;
        if (std::distance(std::filesystem::begin(entries), none) > most) left += root + name + " ";
    }
    for (const auto& file : std::filesystem::directory_iterator{root + "/images/configs"}) {
        if (file.path().extension() == ".tmp") left += file.path().string() + " ";
    }
    return left;
}

std::string clear_images(const Engine& engine, const Requests& api) {
    for (const char* name : kNames) {
        const Reply reply = api.ask("DELETE", ApiTarget{"/images/", name});
        if (reply.status != 200 && reply.status != 404) return reply.body;
    }
    std::string left = left_of_images(engine.root());
    for (int look = 0; look < kLooks && !left.empty(); ++look) {
        pause_for(kBetweenLooks);
        left = left_of_images(engine.root());
    }
    return left.empty() ? "" : "left in " + left;
}
