#include "stage6-daemon-shim/core/client/lists.hpp"

#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"

static constexpr std::size_t kShortIdLength = 12;

Option filter_option(std::vector<std::string>& filters) {
    return {"-f --filter", "KEY=VALUE", "only those that match: status=exited, name=web",
            [&filters](std::string_view text) {
                if (text.find('=') == std::string_view::npos) {
                    throw UsageError{"--filter " + printable(text) + ": expected KEY=VALUE"};
                }
                filters.emplace_back(text);
            }};
}

Option format_option(std::string& format) {
    return text_option("--format", "FORMAT", "json, table ... or a template: '{{.ID}}'", format);
}

std::string filters_text(const std::vector<std::string>& filters) {
    if (filters.empty()) return {};
    Json json = Json::object();
    for (const auto& filter : filters) {
        const auto equals = filter.find('=');
        // "label!=x" is the value x of the key "label!".
        json[filter.substr(0, equals)][filter.substr(equals + 1)] = true;
    }
    return json.text();
}

std::string id_text(std::string id, bool whole) {
    if (whole) return id;
    if (id.starts_with("sha256:")) id.erase(0, 7);
    return id.substr(0, kShortIdLength);
}

std::string ago_text(std::int64_t seconds) {
    return duration_text(static_cast<std::int64_t>(::time(nullptr)) - seconds) + " ago";
}

std::string date_text(std::int64_t seconds) {
    const time_t time = seconds;
    tm parts{};
    ::localtime_r(&time, &parts);
    char text[64];
    return {text, ::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z %Z", &parts)};
}

std::string labels_text(const JsonReader& object) {
    auto labels = object.get_string_map("Labels");
    std::ranges::sort(labels);
    std::string text;
    for (const auto& [name, value] : labels) {
        text.append(text.empty() ? "" : ",").append(name).append("=").append(value);
    }
    return text;
}

void add_label_function(const JsonReader& object, Json& row) {
    row["Label"] = Json::object();
    for (const auto& [name, value] : object.get_string_map("Labels")) row["Label"][name] = value;
}

bool is_confirmed(std::string_view warning) {
    print(std::string{warning} + "\nAre you sure you want to continue? [y/N] ");
    std::string line;
    char letter = 0;
    while (retry([&] { return ::read(STDIN_FILENO, &letter, 1); }) == 1 && letter != '\n') {
        line += letter;
    }
    return line == "y" || line == "Y" || line == "yes";
}
