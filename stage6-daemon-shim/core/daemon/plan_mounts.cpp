#include "stage6-daemon-shim/core/daemon/plan_mounts.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// One of -v or --mount, taken apart.
struct Request {
    std::string type;  // "bind" or "tmpfs"
    std::string source, target;
    std::string mode;  // as it was written behind -v
    bool read_only = false;
    bool makes_source = false;
    std::vector<std::string> options{};  // of a tmpfs
    std::string propagation{};           // of a bind: "rslave"; empty: rprivate
};

static std::string in_quotes(const std::string& text) {
    return "'" + printable(text) + "'";
}

static std::vector<std::string> parts_of(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char letter : text) {
        if (letter == separator) {
            parts.emplace_back();
        } else {
            parts.back() += letter;
        }
    }
    return parts;
}

// "/a//b/../c/" as "/a/c".
static std::string clean_path(const std::string& path) {
    std::string clean = std::filesystem::path{path}.lexically_normal();
    if (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
    return clean;
}

// --- the words behind the second colon ----------------------------------------------------------

struct ModeWord {
    std::string_view word, kind;
};
// Of one kind there may be one. The last three mean something on Macs alone.
static constexpr ModeWord kModeWords[] = {{"ro", "access"},
                                          {"rw", "access"},
                                          {"z", "label"},
                                          {"Z", "label"},
                                          {"private", "propagation"},
                                          {"rprivate", "propagation"},
                                          {"shared", "propagation"},
                                          {"rshared", "propagation"},
                                          {"slave", "propagation"},
                                          {"rslave", "propagation"},
                                          {"nocopy", "copy"},
                                          {"consistent", "consistency"},
                                          {"cached", "consistency"},
                                          {"delegated", "consistency"}};

static bool is_mode(const std::string& mode) {
    std::set<std::string_view> kinds;
    for (const auto& word : parts_of(mode, ',')) {
        const auto* const known = std::ranges::find(kModeWords, word, &ModeWord::word);
        if (known == std::end(kModeWords) || !kinds.insert(known->kind).second) return false;
    }
    return true;
}

static bool has_word(const std::string& mode, const std::string& word) {
    const auto words = parts_of(mode, ',');
    return std::ranges::find(words, word) != words.end();
}

static bool is_propagation(const std::string& word) {
    const auto* const known = std::ranges::find(kModeWords, word, &ModeWord::word);
    return known != std::end(kModeWords) && known->kind == "propagation";
}

// The one word of a mode that says it; empty: none.
static std::string propagation_in(const std::string& mode) {
    for (const auto& word : parts_of(mode, ',')) {
        if (is_propagation(word)) return word;
    }
    return {};
}

static void check_mode(const std::string& mode) {
    const bool relabel = has_word(mode, "z") || has_word(mode, "Z");
    if (relabel && file_exists("/sys/fs/selinux/enforce")) {
        throw HttpError{400, "bind options z and Z are not built in: files keep their labels"};
    }
}

// --- -v SOURCE:TARGET[:MODE] --------------------------------------------------------------------

static bool is_volume_name(const std::string& name) {
    const auto is_first = [](unsigned char c) { return std::isalnum(c) != 0; };
    const auto is_other = [&](unsigned char c) {
        return is_first(c) || c == '_' || c == '.' || c == '-';
    };
    return name.size() >= 2 && is_first(static_cast<unsigned char>(name[0])) &&
           std::ranges::all_of(name, is_other);
}

[[noreturn]] static void refuse_volume(const std::string& name) {
    if (name.empty()) {
        throw HttpError{400,
                        "anonymous volumes are not built in: mount a directory, -v /HOST:/PATH"};
    }
    if (!is_volume_name(name)) {
        throw HttpError{400,
                        "create " + printable(name) + ": \"" + printable(name) +
                            "\" includes invalid characters for a local volume name, only "
                            "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a "
                            "host directory, use absolute path"};
    }
    throw HttpError{
        400, "volume " + name + ": volumes are not built in: mount a directory, -v /HOST:/PATH"};
}

static void check_target(const std::string& type, const std::string& target,
                         const std::string& prefix) {
    const std::string of_type = prefix + "invalid mount config for type \"" + type + "\": ";
    if (target.empty()) throw HttpError{400, of_type + "field Target must not be empty"};
    if (target[0] != '/') {
        throw HttpError{400, of_type + "invalid mount path: " + in_quotes(target) +
                                 " mount path must be absolute"};
    }
    if (clean_path(target) == "/") {
        throw HttpError{400, of_type + "invalid specification: destination can't be '/'"};
    }
}

static Request parse_bind(const std::string& text) {
    const std::string invalid = "invalid volume specification: " + in_quotes(text);
    const auto parts = parts_of(text, ':');
    const bool mode_alone = parts.size() == 2 && is_mode(parts[1]);
    if (parts[0].empty() || parts.size() > 3 || mode_alone) throw HttpError{400, invalid};
    if (parts.size() == 1) refuse_volume("");
    Request request{"bind", parts[0], parts[1], parts.size() == 3 ? parts[2] : ""};
    if (parts.size() == 3 && !is_mode(request.mode)) {
        throw HttpError{400, "invalid mode: " + printable(request.mode)};
    }
    const bool is_path = request.source[0] == '/';
    check_target(is_path ? "bind" : "volume", request.target, invalid + ": ");
    if (!is_path) refuse_volume(request.source);
    check_mode(request.mode);
    request.read_only = has_word(request.mode, "ro");
    request.propagation = propagation_in(request.mode);
    request.makes_source = true;
    return request;
}

// --- --mount ------------------------------------------------------------------------------------

static Request parse_bind_mount(const JsonReader& mount) {
    const std::string invalid = "invalid mount config for type \"bind\": ";
    Request request{"bind", mount.get_string("Source"), mount.get_string("Target"), ""};
    check_target("bind", request.target, "");
    if (request.source.empty()) throw HttpError{400, invalid + "field Source must not be empty"};
    if (request.source[0] != '/') {
        throw HttpError{400, invalid + "invalid mount path: " + in_quotes(request.source) +
                                 " mount path must be absolute"};
    }
    const JsonReader options = mount.get_object("BindOptions");
    request.propagation = options.get_string("Propagation");
    if (!request.propagation.empty() && !is_propagation(request.propagation)) {
        throw HttpError{400, "invalid propagation mode: " + printable(request.propagation)};
    }
    if (options.get_bool("NonRecursive")) {
        throw HttpError{400, "bind option NonRecursive is not built in"};
    }
    request.makes_source = options.get_bool("CreateMountpoint");
    if (!request.makes_source && !file_exists(request.source)) {
        throw HttpError{400, invalid + "bind source path does not exist: " + request.source};
    }
    request.read_only = mount.get_bool("ReadOnly");
    return request;
}

static Request parse_memory_mount(const JsonReader& mount) {
    Request request{"tmpfs", "", mount.get_string("Target"), ""};
    check_target("tmpfs", request.target, "");
    if (!mount.get_string("Source").empty()) {
        throw HttpError{400,
                        "invalid mount config for type \"tmpfs\": field Source must not be "
                        "specified"};
    }
    const JsonReader options = mount.get_object("TmpfsOptions");
    request.options = {"noexec", "nosuid", "nodev"};
    const auto bytes = options.get_integer("SizeBytes");
    if (bytes < 0) throw HttpError{400, "invalid size of a tmpfs: " + std::to_string(bytes)};
    if (bytes > 0) request.options.push_back("size=" + std::to_string(bytes));
    if (const auto mode = options.get_integer("Mode"); mode != 0) {
        char octal[24];
        std::snprintf(octal, sizeof octal, "mode=%o", static_cast<unsigned>(mode & 07777));
        request.options.emplace_back(octal);
    }
    request.read_only = mount.get_bool("ReadOnly");
    return request;
}

static Request parse_mount(const JsonReader& mount) {
    const std::string type = mount.get_string("Type");
    if (type == "bind") return parse_bind_mount(mount);
    if (type == "tmpfs") return parse_memory_mount(mount);
    if (type == "volume") refuse_volume(mount.get_string("Source"));
    throw HttpError{
        400, "invalid mount config for type \"" + printable(type) + "\": mount type unknown"};
}

// --- all of them --------------------------------------------------------------------------------

static Json shown(const Request& request) {
    const bool is_bind = request.type == "bind";
    return Json::object(
        {{"Type", request.type},
         {"Source", is_bind ? clean_path(request.source) : ""},
         {"Destination", clean_path(request.target)},
         {"Mode", request.mode},
         {"RW", !request.read_only},
         {"Propagation",
          is_bind && request.propagation.empty() ? "rprivate" : request.propagation}});
}

static MountSpec spec_of(const Request& request) {
    MountSpec spec{clean_path(request.target), request.type, clean_path(request.source),
                   request.options};
    if (request.type == "tmpfs") spec.source = "tmpfs";
    if (request.read_only) spec.options.emplace_back("ro");
    if (!request.propagation.empty()) spec.options.push_back(request.propagation);
    if (request.makes_source) spec.options.emplace_back(kMakeSource);
    return spec;
}

// Where something is mounted already, a volume without a name is not wanted: some clients name each
// place in both ways.
static void refuse_volumes_beside(const std::set<std::string>& targets, const JsonReader& config) {
    const Json* volumes = config.find("Volumes");
    if (volumes == nullptr || !volumes->is_object()) return;
    for (const JsonMember& volume : volumes->as_object()) {
        if (!targets.contains(clean_path(volume.name))) refuse_volume("");
    }
}

PlannedMounts plan_mounts(const JsonReader& config, const JsonReader& host) {
    std::vector<Request> requests;
    for (const auto& text : host.get_strings("Binds")) requests.push_back(parse_bind(text));
    for (const JsonReader& mount : host.get_objects("Mounts")) {
        requests.push_back(parse_mount(mount));
    }
    PlannedMounts planned{{}, Json::array()};
    std::set<std::string> targets;  // those of --tmpfs, which somebody else plans, among them
    for (const auto& [target, options] : host.get_string_map("Tmpfs")) {
        targets.insert(clean_path(target));
    }
    for (const Request& request : requests) {
        const std::string target = clean_path(request.target);
        if (!targets.insert(target).second) {
            throw HttpError{400, "Duplicate mount point: " + target};
        }
        planned.specs.push_back(spec_of(request));
        planned.shown.push_back(shown(request));
    }
    refuse_volumes_beside(targets, config);
    return planned;
}

void sort_mounts(std::vector<MountSpec>& mounts) {
    const auto depth = [](const MountSpec& mount) {
        return std::ranges::count(mount.destination, '/');
    };
    std::ranges::stable_sort(
        mounts, [&](const auto& left, const auto& right) { return depth(left) < depth(right); });
}
