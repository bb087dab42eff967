#include "stage6-daemon-shim/core/daemon/list_filters.hpp"

#include <regex.h>

#include <algorithm>
#include <array>

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::array<std::string_view, 15> kKeys = {
    "ancestor", "before", "exited",  "expose",  "health", "id",     "is-task", "isolation",
    "label",    "name",   "network", "publish", "since",  "status", "volume"};
static constexpr std::array<std::string_view, 7> kStates = {
    "created", "running", "paused", "restarting", "removing", "exited", "dead"};
static constexpr std::array<std::string_view, 4> kHealth = {"starting", "healthy", "unhealthy",
                                                            "none"};
static constexpr std::size_t kPatternBytesMax = 256;

// The C library copies what stands before `+` and `{3}`, so that a few of them within each other
// take all memory there is, and tries out every way to read a pattern with a back-reference (`\1`).
static bool is_costly(const std::string& pattern) {
    constexpr std::size_t copies_max = 8;
    std::size_t copies = 0;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '{') return true;
        if (pattern[at] == '+') ++copies;
        if (pattern[at] != '\\') continue;
        ++at;
        if (at < pattern.size() && pattern[at] >= '1' && pattern[at] <= '9') return true;
    }
    return copies > copies_max;
}

ListFilters::ListFilters(const std::string& text, const ContainerTable& table)
    : filters_{text, kKeys} {
    const auto check = [&](std::string_view key, const auto& known) {
        for (const auto& value : filters_.values(key)) {
            if (std::ranges::find(known, value) != known.end()) continue;
            throw HttpError{400, "invalid filter '" + std::string{key} + "=" + value + "'"};
        }
    };
    check("status", kStates);
    check("health", kHealth);
    for (const auto& value : filters_.values("exited")) {
        const bool is_number = !value.empty() && value.size() < 10 &&
                               value.find_first_not_of("0123456789") == std::string::npos;
        if (is_number) continue;
        throw HttpError{400, "invalid filter 'exited=" + value + "': strconv.Atoi: parsing \"" +
                                 value + "\": invalid syntax"};
    }
    for (const auto& value : filters_.values("name")) {
        if (value.size() > kPatternBytesMax) {
            throw HttpError{400, "invalid filter 'name': the pattern is too long"};
        }
        if (is_costly(value)) throw HttpError{400, "invalid filter 'name': it would take too long"};
    }
    for (const auto& name : filters_.values("before")) before_ = table.find(name)->created_at;
    for (const auto& name : filters_.values("since")) since_ = table.find(name)->created_at;
}

// A compiled regular expression (regex(3)).
class Pattern {
public:
    explicit Pattern(const std::string& text)
        : is_valid_{::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0} {}
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    ~Pattern() {
        if (is_valid_) ::regfree(&compiled_);
    }

    // What is no regular expression matches nothing, and for Docker that is no error.
    bool is_in(const std::string& text) const {
        return is_valid_ && ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
    }

private:
    regex_t compiled_{};
    bool is_valid_;
};

// Unanchored, and tried with and without the slash of the API's names.
static bool name_matches(const std::string& name, const std::string& text) {
    const Pattern pattern{text};
    return pattern.is_in(name) || pattern.is_in("/" + name);
}

// A bind mount's source or place: "/data:/d:ro".
static bool volume_matches(const JsonReader& host, const std::string& wanted) {
    for (const std::string& bind : host.get_strings("Binds")) {
        const auto colon = std::min(bind.find(':'), bind.size());
        const std::string place = bind.substr(std::min(colon + 1, bind.size()));
        if (bind.substr(0, colon) == wanted || place.substr(0, place.find(':')) == wanted) {
            return true;
        }
    }
    return std::ranges::any_of(host.get_objects("Mounts"), [&](const JsonReader& mount) {
        return mount.get_string("Source") == wanted || mount.get_string("Target") == wanted;
    });
}

// "80" and "80/tcp" are the same.
static bool exposes(const JsonReader& config, const std::string& wanted) {
    const Json* ports = config.find("ExposedPorts");
    const bool with_protocol = wanted.find('/') != std::string::npos;
    return ports != nullptr && ports->find(with_protocol ? wanted : wanted + "/tcp") != nullptr;
}

static std::string health_of(const Container& container) {
    return container.health.empty() ? "none" : container.health;
}

bool ListFilters::matches(const Container& container, std::string_view key,
                          const std::string& value) const {
    const JsonReader all{container.config};
    const JsonReader config = all.get_object("Config");
    const JsonReader host = all.get_object("HostConfig");
    if (key == "before") return container.created_at < before_;
    if (key == "since") return container.created_at > since_;
    if (key == "id") return container.id.starts_with(value);
    if (key == "name") return name_matches(container.name, value);
    if (key == "status") return name_of(container.state) == value;
    if (key == "health") return health_of(container) == value;
    if (key == "label") return has_label(labels_of(container), value);
    if (key == "network") return host.get_string("NetworkMode") == value;
    if (key == "isolation") return host.get_string("Isolation") == value;
    if (key == "volume") return volume_matches(host, value);
    if (key == "expose") return exposes(config, value);
    if (key == "publish") return false;  // no port is
    if (key == "is-task") return value == "false" || value == "0";
    if (key == "exited") {
        return container.state == State::exited && std::to_string(container.exit_code) == value;
    }
    const std::string image = config.get_string("Image");  // ancestor
    return image == value || image == value + ":latest" || image + ":latest" == value ||
           all.get_string("Image").starts_with(value) ||
           all.get_string("Image").starts_with("sha256:" + value);
}

bool ListFilters::pass(const Container& container) const {
    return std::ranges::all_of(kKeys, [&](std::string_view key) {
        const auto fits = [&](const std::string& value) { return matches(container, key, value); };
        return key == "label" ? filters_.all(key, fits) : filters_.any(key, fits);
    });
}
