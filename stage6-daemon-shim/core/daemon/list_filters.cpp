#include "stage6-daemon-shim/core/daemon/list_filters.hpp"

#include <regex.h>

#include <algorithm>
#include <array>

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::array<std::string_view, 6> kKeys = {"ancestor", "exited", "id",
                                                          "label",    "name",   "status"};
static constexpr std::array<std::string_view, 7> kStates = {
    "created", "running", "paused", "restarting", "removing", "exited", "dead"};
static constexpr std::size_t kPatternBytesMax = 256;

static void check_value(const std::string& key, const std::string& value) {
    const bool known_state = std::find(kStates.begin(), kStates.end(), value) != kStates.end();
    if (key == "status" && !known_state) {
        throw HttpError{400, "invalid filter 'status=" + value + "'"};
    }
    if (key == "name" && value.size() > kPatternBytesMax) {
        throw HttpError{400, "invalid filter 'name': the pattern is too long"};
    }
}

ListFilters::ListFilters(const std::string& text) {
    if (text.empty()) return;
    const Json filters = parse_json(text);
    const JsonReader reader{filters};
    for (const JsonMember& member : filters.is_null() ? Json::Object{} : filters.as_object()) {
        if (std::find(kKeys.begin(), kKeys.end(), member.name) == kKeys.end()) {
            throw HttpError{400, "invalid filter '" + member.name + "'"};
        }
        std::vector<std::string> values;
        if (member.value.is_object()) {
            for (const JsonMember& value : member.value.as_object()) values.push_back(value.name);
        } else {
            values = reader.get_strings(member.name);
        }
        for (const std::string& value : values) {
            check_value(member.name, value);
            wanted_.emplace_back(member.name, value);
        }
    }
}

bool ListFilters::has(std::string_view key) const {
    return std::any_of(wanted_.begin(), wanted_.end(),
                       [&](const auto& wanted) { return wanted.first == key; });
}

// A compiled regular expression (regex(3)).
class Pattern {
public:
    explicit Pattern(const std::string& text) {
        if (::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
            throw HttpError{400, "invalid filter 'name': not a regular expression: " + text};
        }
    }
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    ~Pattern() { ::regfree(&compiled_); }

    bool is_in(const std::string& text) const {
        return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
    }

private:
    regex_t compiled_{};
};

// Unanchored, and tried with and without the slash of the API's names.
static bool name_matches(const std::string& name, const std::string& text) {
    const Pattern pattern{text};
    return pattern.is_in(name) || pattern.is_in("/" + name);
}

static bool label_matches(const Container& container, const std::string& wanted) {
    const auto labels = JsonReader{container.config}.get_object("Config").get_string_map("Labels");
    return std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
        return wanted == label.first || wanted == label.first + "=" + label.second;
    });
}

static bool matches(const Container& container, const std::string& key, const std::string& value) {
    if (key == "id") return container.id.starts_with(value);
    if (key == "name") return name_matches(container.name, value);
    if (key == "status") return name_of(container.state) == value;
    if (key == "label") return label_matches(container, value);
    if (key == "exited") {
        return container.state == State::exited && std::to_string(container.exit_code) == value;
    }
    const JsonReader config{container.config};
    return config.get_object("Config").get_string("Image") == value ||
           config.get_string("Image").starts_with(value);
}

bool ListFilters::pass(const Container& container) const {
    for (const auto& filter : wanted_) {
        const std::string& key = filter.first;
        const std::string& value = filter.second;
        const auto one = [&](const auto& wanted) {
            return wanted.first == key && matches(container, key, wanted.second);
        };
        const bool good = key == "label" ? matches(container, key, value)
                                         : std::any_of(wanted_.begin(), wanted_.end(), one);
        if (!good) return false;
    }
    return true;
}
