#include "stage6-daemon-shim/core/json/utf8.hpp"

static bool is_continuation(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

std::size_t utf8_length(std::string_view text) {
    if (text.empty()) return 0;
    const auto first = static_cast<unsigned char>(text[0]);
    const auto second = static_cast<unsigned char>(text.size() > 1 ? text[1] : '\0');
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    if (first < 0xE0) return is_continuation(text, 1) ? 2 : 0;
    if (!is_continuation(text, 1) || !is_continuation(text, 2)) return 0;
    if (first < 0xF0) {
        const bool too_long = first == 0xE0 && second < 0xA0;
        const bool surrogate = first == 0xED && second >= 0xA0;
        return too_long || surrogate ? 0 : 3;
    }
    const bool too_long = first == 0xF0 && second < 0x90;
    const bool too_large = first == 0xF4 && second >= 0x90;
    return too_long || too_large || !is_continuation(text, 3) ? 0 : 4;
}

void append_utf8(std::string& output, char32_t code_point) {
    const auto append = [&output](char32_t byte) { output += static_cast<char>(byte); };
    if (code_point < 0x80) return append(code_point);
    if (code_point < 0x800) {
        append(0xC0 | (code_point >> 6));
    } else {
        if (code_point < 0x10000) {
            append(0xE0 | (code_point >> 12));
        } else {
            append(0xF0 | (code_point >> 18));
            append(0x80 | ((code_point >> 12) & 0x3F));
        }
        append(0x80 | ((code_point >> 6) & 0x3F));
    }
    append(0x80 | (code_point & 0x3F));
}
