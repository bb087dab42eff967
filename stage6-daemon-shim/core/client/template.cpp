#include "stage6-daemon-shim/core/client/template.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "common/error.hpp"

static constexpr std::string_view kBlanks = " \t\r\n";

static constexpr std::string_view kFunctions[] = {"json",  "lower", "upper",    "title",  "len",
                                                  "index", "join",  "truncate", "println"};

[[noreturn]] static void refuse(std::string_view what) {
    throw UsageError{"--format: " + printable(what) +
                     " is not understood here: there are paths such as .State.Pid, and json, "
                     "lower, upper, title, len, index, join, truncate, println"};
}

// --- parsing ------------------------------------------------------------------------------------

// A word in quotes keeps its first quote, so that it is no path and no function.
static std::string take_quoted(std::string_view& rest) {
    const char quote = rest[0];
    std::string word(1, '"');
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != quote; ++at) {
        const bool escaped = quote == '"' && rest[at] == '\\' && at + 1 < rest.size();
        if (escaped) ++at;
        word += escaped && rest[at] == 'n' ? '\n' : escaped && rest[at] == 't' ? '\t' : rest[at];
    }
    if (at >= rest.size()) throw UsageError{"--format: a quote is not closed"};
    rest.remove_prefix(at + 1);
    return word;
}

static std::string take_word(std::string_view& rest) {
    if (rest[0] == '"' || rest[0] == '`') return take_quoted(rest);
    if (rest[0] == '|') {
        rest.remove_prefix(1);
        return "|";
    }
    const auto end = std::min(rest.find_first_of(" \t\r\n|\"`"), rest.size());
    std::string word{rest.substr(0, end)};
    rest.remove_prefix(end);
    return word;
}

static void check_word(const std::string& word, bool begins_call) {
    const char first = word[0];
    if (first == '"') return;
    if (word.find_first_of("()$:") != std::string::npos) refuse(word);
    const bool is_number = word.find_first_not_of("-0123456789") == std::string::npos;
    if (first == '.' || (is_number && !begins_call)) return;
    const bool is_function = std::ranges::find(kFunctions, word) != std::end(kFunctions);
    if (!begins_call || !is_function) refuse(word);
}

void Template::add_action(std::string_view inside) {
    Part part;
    part.calls.emplace_back();
    while (true) {
        inside.remove_prefix(std::min(inside.find_first_not_of(kBlanks), inside.size()));
        if (inside.empty()) break;
        const std::string word = take_word(inside);
        if (word == "|") {
            if (part.calls.back().empty()) refuse("|");
            part.calls.emplace_back();
            continue;
        }
        check_word(word, part.calls.back().empty());
        part.calls.back().push_back(word);
    }
    if (part.calls.back().empty()) refuse("{{}}");
    parts_.push_back(std::move(part));
}

Template::Template(std::string_view text) {
    while (!text.empty()) {
        const auto open = std::min(text.find("{{"), text.size());
        std::string plain{text.substr(0, open)};
        text.remove_prefix(open);
        const bool trims = text.starts_with("{{- ");
        if (trims) plain.erase(plain.find_last_not_of(kBlanks) + 1);
        if (!plain.empty()) parts_.push_back({plain, {}});
        if (text.empty()) return;
        const auto close = text.find("}}");
        if (close == std::string_view::npos) throw UsageError{"--format: {{ without }}"};
        std::string_view inside = text.substr(2, close - 2);
        text.remove_prefix(close + 2);
        if (trims) inside.remove_prefix(1);
        if (inside.ends_with(" -")) {
            inside.remove_suffix(1);
            text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
        }
        if (!inside.starts_with("/*")) add_action(inside);
    }
}

bool Template::needs(std::string_view path) const {
    return has_word([&](const std::string& word) { return word == "." || word.starts_with(path); });
}

bool Template::names(std::string_view path) const {
    return has_word([&](const std::string& word) { return word == path; });
}

bool Template::has_word(const std::function<bool(const std::string&)>& test) const {
    for (const Part& part : parts_) {
        for (const Call& call : part.calls) {
            if (std::ranges::any_of(call, test)) return true;
        }
    }
    return false;
}

// --- values as Go shows them --------------------------------------------------------------------

static std::string shown(const Json& value) {
    switch (value.kind()) {
        case Json::Kind::null: return "<no value>";
        case Json::Kind::boolean: return value.as_bool() ? "true" : "false";
        case Json::Kind::integer: return std::to_string(value.as_integer());
        case Json::Kind::number: return value.text();
        case Json::Kind::string: return value.as_string();
        case Json::Kind::array:
        case Json::Kind::object: break;
    }
    std::vector<std::string> words;
    if (value.is_array()) {
        for (const Json& element : value.as_array()) words.push_back(shown(element));
    } else {
        for (const auto& [name, member] : value.as_object()) {
            words.push_back(name + ":" + shown(member));
        }
        std::ranges::sort(words);
    }
    std::string text = value.is_array() ? "[" : "map[";
    for (const auto& word : words) text.append(text.ends_with('[') ? "" : " ").append(word);
    return text + "]";
}

// --- evaluation ---------------------------------------------------------------------------------

// Whose members have names that the user chose, or that differ from container to container.
static bool has_free_names(std::string_view member) {
    constexpr std::string_view names[] = {"Label", "Labels",  "Annotations", "Networks",
                                          "Ports", "Sysctls", "Config"};
    return std::ranges::find(names, member) != std::end(names);
}

static Json value_at(const Json& root, const std::string& path) {
    const Json* at = &root;
    std::string parent;
    std::string_view rest = std::string_view{path}.substr(1);
    while (!rest.empty()) {
        const auto point = std::min(rest.find('.'), rest.size());
        const std::string name{rest.substr(0, point)};
        rest.remove_prefix(std::min(point + 1, rest.size()));
        const Json* next = at->find(name);
        if (next == nullptr) {
            if (has_free_names(parent) || at->is_null()) return {};
            throw Failure{"--format: there is no " + printable(path)};
        }
        parent = name;
        at = next;
    }
    return *at;
}

static long integer_of(const Json& value) {
    if (value.kind() != Json::Kind::integer) refuse(shown(value));
    return static_cast<long>(value.as_integer());
}

static Json element_of(const Json& collection, const Json& key) {
    if (!collection.is_array()) {
        const Json* member = collection.find(shown(key));
        return member == nullptr ? Json{} : *member;
    }
    const auto& elements = collection.as_array();
    const long at = integer_of(key);
    if (at < 0 || static_cast<std::size_t>(at) >= elements.size()) {
        throw Failure{"--format: index " + std::to_string(at) + " is out of range"};
    }
    return elements[static_cast<std::size_t>(at)];
}

static std::string in_case(std::string text, bool upper, bool first_only) {
    constexpr char step = 'a' - 'A';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool begins = i == 0 || text[i - 1] == ' ';
        if (first_only && !begins) continue;
        if (upper && text[i] >= 'a' && text[i] <= 'z') text[i] = static_cast<char>(text[i] - step);
        if (!upper && text[i] >= 'A' && text[i] <= 'Z') text[i] = static_cast<char>(text[i] + step);
    }
    return text;
}

static std::int64_t length_of(const Json& value) {
    if (value.is_array()) return static_cast<std::int64_t>(value.as_array().size());
    if (value.is_object()) return static_cast<std::int64_t>(value.as_object().size());
    return static_cast<std::int64_t>(shown(value).size());
}

static std::string joined(const Json& list, const std::string& separator) {
    if (!list.is_array()) return shown(list);
    std::string text;
    bool first = true;
    for (const Json& element : list.as_array()) {
        text.append(first ? "" : separator).append(shown(element));
        first = false;
    }
    return text;
}

static Json call_function(const std::string& function, const std::vector<Json>& arguments) {
    const std::size_t wanted =
        function == "index" || function == "join" || function == "truncate" ? 2 : 1;
    if (arguments.size() < wanted) {
        throw UsageError{"--format: " + function + " needs " + std::to_string(wanted) +
                         (wanted == 1 ? " value" : " values")};
    }
    const Json& first = arguments[0];
    if (function == "json") return first.text();
    if (function == "lower" || function == "upper") {
        return in_case(shown(first), function == "upper", false);
    }
    if (function == "title") return in_case(shown(first), true, true);
    if (function == "len") return length_of(first);
    if (function == "join") return joined(first, shown(arguments[1]));
    if (function == "truncate") {
        return shown(first).substr(
            0, static_cast<std::size_t>(std::max(0L, integer_of(arguments[1]))));
    }
    if (function == "println") return shown(first) + "\n";
    Json value = first;  // index
    for (std::size_t i = 1; i < arguments.size(); ++i) value = element_of(value, arguments[i]);
    return value;
}

static Json argument_of(const std::string& word, const Json& root) {
    if (word[0] == '"') return word.substr(1);
    if (word[0] == '.') return value_at(root, word);
    std::int64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    return number;
}

std::string Template::render(const Json& root) const {
    std::string text;
    for (const Part& part : parts_) {
        text += part.text;
        Json value;
        bool has_value = false;
        for (const Call& call : part.calls) {
            const bool is_function = call[0][0] != '.' && call[0][0] != '"';
            std::vector<Json> arguments;
            for (std::size_t i = is_function ? 1 : 0; i < call.size(); ++i) {
                arguments.push_back(argument_of(call[i], root));
            }
            if (has_value) arguments.push_back(value);
            if (is_function) {
                value = call_function(call[0], arguments);
            } else if (arguments.size() == 1) {
                value = arguments[0];
            } else {  // `.Label "name"`, the one path that takes an argument
                value = call_function("index", arguments);
                if (value.is_null()) value = "";
            }
            has_value = true;
        }
        if (has_value) text += shown(value);
    }
    return text;
}
