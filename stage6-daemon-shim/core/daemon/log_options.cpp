#include "stage6-daemon-shim/core/daemon/log_options.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr const char* kDefaultDriver = "json-file";
static constexpr std::uint64_t kLocalBytesMax = 20u << 20;
static constexpr unsigned kLocalFilesMax = 5;
static constexpr unsigned kFilesMax = 1000;
static const std::string kFailed = "failed to initialize logging driver: ";

// "10k", "1.5m", "20MiB", "512": as Docker's own parser of sizes has it.
static std::uint64_t parse_size(const std::string& text) {
    const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
    std::string unit = text.substr(end);
    std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::tolower(c); });
    while (unit.starts_with(' ')) unit.erase(0, 1);
    if (unit.ends_with("ib")) unit.erase(unit.size() - 2);
    if (unit.ends_with("b")) unit.pop_back();
    constexpr std::string_view units = "kmgtp";
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + end, number);
    const auto power = unit.empty() ? std::string_view::npos : units.find(unit[0]);
    const bool good = end > 0 && error == std::errc{} && stop == text.data() + end &&
                      (unit.empty() || (unit.size() == 1 && power != std::string_view::npos));
    if (!good) throw HttpError{400, kFailed + "invalid size: '" + printable(text) + "'"};
    for (std::size_t i = 0; !unit.empty() && i <= power; ++i) number *= 1024;
    if (number < 1 || number > 1e18)
        throw HttpError{400, kFailed + "max-size must be a positive number"};
    return static_cast<std::uint64_t>(number);
}

static unsigned parse_files(const std::string& text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw HttpError{
            400, kFailed + "strconv.Atoi: parsing \"" + printable(text) + "\": invalid syntax"};
    }
    if (number < 1) throw HttpError{400, kFailed + "max-file cannot be less than 1"};
    if (number > kFilesMax) {
        throw HttpError{400, kFailed + "max-file cannot be more than " + std::to_string(kFilesMax)};
    }
    return number;
}

static std::string driver_of(const JsonReader& host) {
    const std::string type = host.get_object("LogConfig").get_string("Type");
    return type.empty() ? kDefaultDriver : type;
}

static void check_driver(const std::string& driver) {
    if (driver == kDefaultDriver || driver == "local") return;
    if (driver == "none") {
        throw HttpError{400,
                        "log driver none is not built in: attach and run read the log, and "
                        "would have nothing to show"};
    }
    throw HttpError{400, "error looking up logging plugin " + printable(driver) + ": plugin \"" +
                             printable(driver) + "\" not found"};
}

LogOptions parse_log_options(const JsonReader& host) {
    const std::string driver = driver_of(host);
    check_driver(driver);
    LogOptions options;
    if (driver == "local") options = {kLocalBytesMax, kLocalFilesMax};
    for (const auto& [name, value] : host.get_object("LogConfig").get_string_map("Config")) {
        if (name == "max-size") {
            options.bytes_max = value == "-1" ? 0 : parse_size(value);
        } else if (name == "max-file") {
            options.files_max = parse_files(value);
        } else if ((name == "compress" && value != "true") ||
                   (driver == kDefaultDriver && (name == "labels" || name == "env"))) {
            continue;
        } else if (name == "compress" || name == "tag" || name == "labels-regex" ||
                   name == "env-regex") {
            throw HttpError{400, "log opt '" + name + "' is not built in"};
        } else {
            const std::string of_driver =
                driver == kDefaultDriver ? "json-file log driver" : "log driver " + driver;
            throw HttpError{400, "unknown log opt '" + printable(name) + "' for " + of_driver};
        }
    }
    return options;
}

Json shown_log_config(const JsonReader& host) {
    const Json* asked = host.find("LogConfig");
    Json shown = asked == nullptr || !asked->is_object() ? Json::object() : *asked;
    shown["Type"] = driver_of(host);
    if (shown.find("Config") == nullptr || shown.find("Config")->is_null()) {
        shown["Config"] = Json::object();
    }
    return shown;
}

static std::map<std::string, std::string> variables_of(const JsonReader& asked) {
    std::map<std::string, std::string> variables;
    for (const auto& entry : asked.get_strings("Env")) {
        const auto equals = entry.find('=');
        if (equals != std::string::npos)
            variables[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
    return variables;
}

std::string log_details(const Json& config) {
    const JsonReader asked = JsonReader{config}.get_object("Config");
    const JsonReader options =
        JsonReader{config}.get_object("HostConfig").get_object("LogConfig").get_object("Config");
    std::map<std::string, std::string> chosen;
    const auto choose = [&](const char* option, const std::map<std::string, std::string>& from) {
        std::string_view names;
        const std::string text = options.get_string(option);
        for (names = text; !names.empty();) {
            const auto comma = std::min(names.find(','), names.size());
            const auto found = from.find(std::string{names.substr(0, comma)});
            if (found != from.end()) chosen.insert(*found);
            names.remove_prefix(std::min(comma + 1, names.size()));
        }
    };
    const auto labels = asked.get_string_map("Labels");
    choose("labels", {labels.begin(), labels.end()});
    choose("env", variables_of(asked));
    std::string text;
    for (const auto& [name, value] : chosen) {
        if (!text.empty()) text += ',';
        text.append(name).append("=").append(value);
    }
    return text;
}
