// Which folder may include which.
#include <algorithm>
#include <map>

#include "tests/house/rules.hpp"

static const std::string kStage6 = "stage6-daemon-shim/";
static const std::string kCore = kStage6 + "core/";
static const std::string kFeatures = kStage6 + "features/";

// What each folder of the core may include besides itself and common/.
static const std::map<std::string, std::vector<std::string>> kCoreEdges{
    {"json", {}},
    {"wire", {}},
    {"transcript", {kCore + "wire/", kCore + "json/"}},
    {"contract", {kCore + "json/"}},
    {"runtime", {kCore + "json/", kCore + "contract/fail_point.", "stage3-", "stage4-", "stage5-"}},
    {"shim", {kCore + "contract/", kCore + "json/", kCore + "runtime/"}},
    {"client", {kCore + "wire/", kCore + "json/", kCore + "transcript/"}},
    {"loop", {kCore + "transcript/"}},
    {"server", {kCore + "loop/", kCore + "transcript/", kCore + "wire/", kCore + "json/"}},
    {"archive", {kCore + "contract/", "stage4-"}},
    {"daemon",
     {kCore + "archive/", kCore + "server/", kCore + "loop/", kCore + "wire/", kCore + "json/",
      kCore + "transcript/", kCore + "contract/", kCore + "runtime/spec.", "stage4-", "stage5-"}},
};

static std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
}

static std::vector<std::string> edges_of_stage6(const std::string& path) {
    if (path.starts_with(kFeatures)) {
        const std::size_t end = path.find('/', kFeatures.size());
        return {kCore, "stage", path.substr(0, std::min(end, path.size() - 1) + 1)};
    }
    if (path.starts_with(kCore)) {
        const std::string name =
            path.substr(kCore.size(), path.find('/', kCore.size()) - kCore.size());
        const auto edges = kCoreEdges.find(name);
        if (edges != kCoreEdges.end()) return edges->second;
        return {kCore, "stage3-", "stage4-", "stage5-"};  // the main files of the core
    }
    return {kStage6, "stage"};  // the main files that name features
}

static bool may_include(const std::string& path, const std::string& included) {
    if (included.starts_with("common/") || folder_of(included) == folder_of(path)) return true;
    const int stage = stage_of(path);
    const int other = stage_of(included);
    if (stage == 0) return false;
    if (stage < 6) return other > 0 && other < stage;
    const auto edges = edges_of_stage6(path);
    return std::ranges::any_of(edges, [&](const std::string& edge) {
        if (edge == "stage") return other > 0 && other < stage;
        return included.starts_with(edge);
    });
}

Faults check_includes(const SourceFile& file) {
    Faults faults;
    const bool is_free = stage_of(file.path) == 0 && top_folder(file.path) != "common";
    if (is_free || !is_code(file.path)) return faults;
    std::size_t number = 0;
    for (const std::string& line : lines_of(file.text)) {
        ++number;
        const std::string start = "#include \"";
        if (!line.starts_with(start)) continue;
        const std::string included =
            line.substr(start.size(), line.find('"', start.size()) - start.size());
        if (may_include(file.path, included)) continue;
        faults.push_back({file.path, number, "may not include " + included});
    }
    return faults;
}
