// JSON: what is accepted and written again, compact or indented, is the same value, and the same
// text the second time; any bytes can be written as a string; limits hold.
#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/json/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

static bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

static unsigned depth_of(const Json& json) {
    unsigned depth = 0;
    if (json.is_array()) {
        for (const Json& element : json.as_array()) depth = std::max(depth, depth_of(element));
    } else if (json.is_object()) {
        for (const JsonMember& member : json.as_object()) {
            depth = std::max(depth, depth_of(member.value));
            hold(json.find(member.name) == &member.value, "each name is there once");
        }
    } else {
        return 0;
    }
    return depth + 1;
}

void check_input(std::string_view input) {
    std::string quoted;
    append_json_string(quoted, input);
    const std::string back = parse_json(quoted).as_string();
    hold(is_utf8(back), "a string is UTF-8");
    hold(back == input || !is_utf8(input), "a string that is UTF-8 is kept as it is");

    Json json;
    try {
        json = parse_json(input);
    } catch (const JsonError&) {
        return;
    }
    hold(depth_of(json) <= JsonLimits{}.depth_max, "the depth is limited");
    const std::string text = json.text();
    hold(parse_json(text) == json, "written and read again it is the same value");
    hold(parse_json(text).text() == text, "the text of a value is always the same");
    // The blanks of deep nesting could make it larger than what is read by default.
    const Json indented = parse_json(json.indented_text(), {.bytes_max = 64u << 20});
    hold(indented == json, "indented too");
}
