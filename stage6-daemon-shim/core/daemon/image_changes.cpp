#include "stage6-daemon-shim/core/daemon/image_changes.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <vector>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/image_healthcheck.hpp"
#include "stage6-daemon-shim/core/daemon/lifecycle.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

using Words = std::vector<std::string>;

static std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto begin = std::min(text.find_first_not_of(blanks), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// The value of an environment variable of the image so far.
static std::string variable(const Json& config, std::string_view name) {
    for (const auto& entry : JsonReader{config}.get_strings("Env")) {
        if (entry.starts_with(std::string{name} + "=")) return entry.substr(name.size() + 1);
    }
    return {};
}

// Behind a `$`: NAME or {NAME}. Takes it off the text.
static std::string take_variable(const Json& config, std::string_view& text) {
    const bool braced = text.starts_with('{');
    if (braced) text.remove_prefix(1);
    std::size_t length = 0;
    while (length < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[length])) != 0 || text[length] == '_')) {
        ++length;
    }
    const std::string_view name = text.substr(0, length);
    text.remove_prefix(length);
    if (braced && !text.starts_with('}')) {
        throw HttpError{400, "unsupported modifier in a substitution of " + std::string{name}};
    }
    if (braced) text.remove_prefix(1);
    return variable(config, name);
}

// The next word: up to a blank, with quotes, backslashes and variables resolved.
static std::string take_word(const Json& config, std::string_view& text) {
    std::string word;
    char quote = '\0';
    while (!text.empty()) {
        const char letter = text[0];
        if (quote == '\0' && (letter == ' ' || letter == '\t')) break;
        text.remove_prefix(1);
        if (letter == quote) {
            quote = '\0';
        } else if (quote == '\0' && (letter == '"' || letter == '\'')) {
            quote = letter;
        } else if (letter == '\\' && quote != '\'' && !text.empty()) {
            word += text[0];
            text.remove_prefix(1);
        } else if (letter == '$' && quote != '\'') {
            word += take_variable(config, text);
        } else {
            word += letter;
        }
    }
    if (quote != '\0')
        throw HttpError{400, "unexpected end of statement while looking for " +
                                 std::string{"matching "} + quote};
    return word;
}

static std::string upper_case(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](unsigned char letter) { return std::toupper(letter); });
    return result;
}

static Words words_in(const Json& config, std::string_view text) {
    Words words;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        words.push_back(take_word(config, text));
    }
    return words;
}

static std::string one_argument(const Json& config, std::string_view name, std::string_view text) {
    const Words words = words_in(config, text);
    if (words.size() != 1) {
        throw HttpError{400, std::string{name} + " requires exactly one argument"};
    }
    return words[0];
}

// A list in JSON is the command; anything else is for a shell.
static Json command_of(std::string_view text) {
    if (text.empty()) return nullptr;
    if (text.starts_with('[')) {
        try {
            Json list = parse_json(text);
            for (const Json& word : list.as_array()) word.as_string();
            return list;
        } catch (const JsonError&) {
            // Then it is for a shell, as Docker has it.
        }
    }
    return Json::array({"/bin/sh", "-c", text});
}

// "A=b C=d", or one name and all that follows it. Calls `set` for each.
template <class Set>
static void for_each_pair(const Json& config, std::string_view name, std::string_view text,
                          Set set) {
    const auto blank = std::min(text.find_first_of(" \t"), text.size());
    if (text.substr(0, blank).find('=') == std::string_view::npos) {
        const std::string_view value = trimmed(text.substr(blank));
        if (value.empty()) throw HttpError{400, std::string{name} + " must have two arguments"};
        std::string whole;
        for (const auto& word : words_in(config, value)) whole += (whole.empty() ? "" : " ") + word;
        set(std::string{text.substr(0, blank)}, whole);
        return;
    }
    for (const auto& word : words_in(config, text)) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw HttpError{400, "Syntax error - can't find = in \"" + word +
                                     "\". Must be of the form: name=value"};
        }
        set(word.substr(0, equals), word.substr(equals + 1));
    }
}

static void set_variables(Json& config, std::string_view text) {
    Words all = JsonReader{config}.get_strings("Env");
    for_each_pair(config, "ENV", text, [&](const std::string& name, const std::string& value) {
        std::erase_if(all, [&](const auto& entry) { return entry.starts_with(name + "="); });
        all.push_back(name + "=" + value);
    });
    config["Env"] = Json::array(all);
}

static void set_labels(Json& config, std::string_view text) {
    for_each_pair(config, "LABEL", text, [&](const std::string& name, const std::string& value) {
        config["Labels"][name] = value;
    });
}

static void set_directory(Json& config, std::string_view text) {
    const std::string before = JsonReader{config}.get_string("WorkingDir", "/");
    const std::filesystem::path path = std::filesystem::path{before.empty() ? "/" : before} /
                                       one_argument(config, "WORKDIR", text);
    std::string normal = path.lexically_normal();
    if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
    config["WorkingDir"] = normal;
}

static int port_number(const std::string& text, const std::string& whole) {
    const bool good = !text.empty() && text.size() <= 5 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
    const int number = good ? std::stoi(text) : 0;
    if (number < 1 || number > 65535) throw HttpError{400, "Invalid containerPort: " + whole};
    return number;
}

// "80", "80/udp", "8000-8010/tcp".
static void expose_ports(Json& config, std::string_view text) {
    for (const auto& word : words_in(config, text)) {
        const auto slash = std::min(word.find('/'), word.size());
        const std::string protocol = slash == word.size() ? "tcp" : word.substr(slash + 1);
        if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
            throw HttpError{400, "Invalid proto: " + protocol};
        }
        const std::string range = word.substr(0, slash);
        const auto dash = std::min(range.find('-'), range.size());
        const int first = port_number(range.substr(0, dash), word);
        const int last = dash == range.size() ? first : port_number(range.substr(dash + 1), word);
        for (int port = first; port <= last; ++port) {
            config["ExposedPorts"][std::to_string(port) + "/" + protocol] = Json::object();
        }
    }
}

static Words list_of(const Json& config, std::string_view name, std::string_view text) {
    if (!text.starts_with('[')) return words_in(config, text);
    try {
        const Json list = parse_json(text);
        Words words;
        for (const Json& word : list.as_array()) words.push_back(word.as_string());
        return words;
    } catch (const JsonError&) {
        throw HttpError{400, std::string{name} + ": no list of texts: " + printable(text)};
    }
}

// Recorded: what a container of the image has there is told by image_defaults.hpp.
static void add_volumes(Json& config, std::string_view text) {
    for (const auto& path : list_of(config, "VOLUME", text)) {
        if (path.empty()) throw HttpError{400, "VOLUME specified can not be an empty string"};
        config["Volumes"][path] = Json::object();
    }
}

// For whoever builds an image on this one.
static void add_trigger(Json& config, std::string_view text) {
    const auto blank = std::min(text.find_first_of(" \t"), text.size());
    const std::string name = upper_case(text.substr(0, blank));
    if (name == "ONBUILD") {
        throw HttpError{400, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"};
    }
    if (name == "FROM" || name == "MAINTAINER") {
        throw HttpError{400, name + " isn't allowed as an ONBUILD trigger"};
    }
    Words all = JsonReader{config}.get_strings("OnBuild");
    all.emplace_back(text);
    config["OnBuild"] = Json::array(all);
}

static void set_stop_signal(Json& config, std::string_view text) {
    const std::string signal = one_argument(config, "STOPSIGNAL", text);
    parse_signal(signal);
    config["StopSignal"] = signal;
}

void apply_change(Json& config, const std::string& instruction) {
    const std::string_view line = trimmed(instruction);
    const auto blank = std::min(line.find_first_of(" \t"), line.size());
    std::string name = upper_case(line.substr(0, blank));
    const std::string_view rest = trimmed(line.substr(blank));
    static constexpr std::string_view kOneAtLeast[] = {"ENV",    "LABEL",   "EXPOSE",
                                                       "VOLUME", "ONBUILD", "HEALTHCHECK"};
    if (rest.empty() && std::ranges::find(kOneAtLeast, name) != std::end(kOneAtLeast)) {
        throw HttpError{400, name + " requires at least one argument"};
    }
    if (name == "CMD") {
        config["Cmd"] = command_of(rest);
    } else if (name == "ENTRYPOINT") {
        config["Entrypoint"] = command_of(rest);
    } else if (name == "ENV") {
        set_variables(config, rest);
    } else if (name == "LABEL") {
        set_labels(config, rest);
    } else if (name == "WORKDIR") {
        set_directory(config, rest);
    } else if (name == "USER") {
        config["User"] = one_argument(config, "USER", rest);
    } else if (name == "EXPOSE") {
        expose_ports(config, rest);
    } else if (name == "STOPSIGNAL") {
        set_stop_signal(config, rest);
    } else if (name == "VOLUME") {
        add_volumes(config, rest);
    } else if (name == "ONBUILD") {
        add_trigger(config, rest);
    } else if (name == "HEALTHCHECK") {
        config["Healthcheck"] = parse_healthcheck(rest);
    } else {
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        throw HttpError{400, printable(name) + " is not a valid change command"};
    }
}
