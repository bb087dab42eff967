#include "stage6-daemon-shim/core/daemon/filters.hpp"

#include <algorithm>

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static std::vector<std::string> values_of(const JsonReader& filters, const JsonMember& member) {
    if (!member.value.is_object()) return filters.get_strings(member.name);
    std::vector<std::string> values;
    for (const JsonMember& value : member.value.as_object()) values.push_back(value.name);
    return values;
}

Filters::Filters(const std::string& text, std::span<const std::string_view> keys) {
    if (text.empty()) return;
    const Json filters = parse_json(text);
    const JsonReader reader{filters};
    for (const JsonMember& member : filters.is_null() ? Json::Object{} : filters.as_object()) {
        if (std::ranges::find(keys, member.name) == keys.end()) {
            throw HttpError{400, "invalid filter '" + member.name + "'"};
        }
        for (std::string& value : values_of(reader, member)) {
            wanted_.emplace_back(member.name, std::move(value));
        }
    }
}

bool Filters::has(std::string_view key) const {
    return std::ranges::any_of(wanted_, [&](const auto& wanted) { return wanted.first == key; });
}

std::vector<std::string> Filters::values(std::string_view key) const {
    std::vector<std::string> found;
    for (const auto& wanted : wanted_) {
        if (wanted.first == key) found.push_back(wanted.second);
    }
    return found;
}

bool Filters::any(std::string_view key, const Test& fits) const {
    return !has(key) || std::ranges::any_of(wanted_, [&](const auto& wanted) {
        return wanted.first == key && fits(wanted.second);
    });
}

bool Filters::all(std::string_view key, const Test& fits) const {
    return std::ranges::all_of(
        wanted_, [&](const auto& wanted) { return wanted.first != key || fits(wanted.second); });
}

bool has_label(const Labels& labels, const std::string& wanted) {
    return std::ranges::any_of(labels, [&](const auto& label) {
        return wanted == label.first || wanted == label.first + "=" + label.second;
    });
}

Labels labels_of(const Container& container) {
    return JsonReader{container.config}.get_object("Config").get_string_map("Labels");
}
