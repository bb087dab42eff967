#include "stage6-daemon-shim/core/transcript/wire_text.hpp"

#include <algorithm>

#include "common/error.hpp"

static constexpr std::size_t kDataBytesShown = 80;
static constexpr std::size_t kStringBytesShown = 120;
static constexpr std::size_t kElementsShown = 8;
static constexpr std::size_t kMembersShownWhole = 8;

static std::string_view escape_for(char letter) {
    switch (letter) {
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        case '"': return "\\\"";
        case '\\': return "\\\\";
        default: return {};
    }
}

static std::string in_quotes(std::string_view bytes) {
    std::string text = "\"", plain;
    for (const char letter : bytes) {
        const std::string_view escape = escape_for(letter);
        if (escape.empty()) {
            plain += letter;
            continue;
        }
        text.append(printable(plain)).append(escape);
        plain.clear();
    }
    return text + printable(plain) + "\"";
}

std::string data_text(std::string_view bytes) {
    std::string count = std::to_string(bytes.size()) + (bytes.size() == 1 ? " byte" : " bytes");
    if (bytes.empty()) return count;
    return count + " " + in_quotes(bytes.substr(0, kDataBytesShown)) +
           (bytes.size() > kDataBytesShown ? "..." : "");
}

std::string head_text(std::string first, const MessageHead& head) {
    std::string text = printable(first);
    for (const auto& [name, value] : head.headers) {
        text += "\n  " + printable(name) + ": " + printable(value);
    }
    return text;
}

// What a program that has nothing to say of a field writes there.
static bool is_empty(const Json& value) {
    switch (value.kind()) {
        case Json::Kind::null: return true;
        case Json::Kind::boolean: return !value.as_bool();
        case Json::Kind::integer: return value.as_integer() == 0;
        case Json::Kind::number: return false;
        case Json::Kind::string: return value.as_string().empty();
        case Json::Kind::array: return value.as_array().empty();
        case Json::Kind::object: return value.as_object().empty();
    }
    return false;
}

static Json shortened(const Json& value);

static Json shortened_array(const Json::Array& elements) {
    Json result = Json::array();
    const std::size_t shown = std::min(elements.size(), kElementsShown);
    for (std::size_t i = 0; i < shown; ++i) result.push_back(shortened(elements[i]));
    const std::size_t left = elements.size() - shown;
    if (left > 0) result.push_back("... " + std::to_string(left) + " more");
    return result;
}

static Json shortened_object(const Json::Object& members) {
    Json result = Json::object();
    std::size_t left_out = 0;
    for (const JsonMember& member : members) {
        if (members.size() > kMembersShownWhole && is_empty(member.value)) {
            ++left_out;
        } else {
            result[member.name] = shortened(member.value);
        }
    }
    if (left_out > 0) result["..."] = std::to_string(left_out) + " empty";
    return result;
}

static Json shortened(const Json& value) {
    if (value.is_array()) return shortened_array(value.as_array());
    if (value.is_object()) return shortened_object(value.as_object());
    if (!value.is_string() || value.as_string().size() <= kStringBytesShown) return value;
    const std::string& text = value.as_string();
    return text.substr(0, kStringBytesShown) + "... (" + std::to_string(text.size()) + " bytes)";
}

std::string json_text(std::string_view text) try {
    std::string result;
    std::string rest = shortened(parse_json(text, {.bytes_max = text.size()})).indented_text();
    while (rest.ends_with('\n')) rest.pop_back();
    std::size_t begin = 0;
    while (begin <= rest.size()) {
        const std::size_t end = std::min(rest.find('\n', begin), rest.size());
        result.append(begin == 0 ? "" : "\n").append(printable(rest.substr(begin, end - begin)));
        begin = end + 1;
    }
    return result;
} catch (const JsonError&) {
    return data_text(text);
}
