#include "common/error.hpp"

#include <unistd.h>

#include <system_error>

static std::string describe(int error, std::string_view call, std::string_view object,
                            std::string_view hint) {
    std::string text{call};
    if (!object.empty()) text.append(" ").append(printable(object));
    text.append(": ").append(error_text(error));
    if (!hint.empty()) text.append(" (").append(hint).append(")");
    return text;
}

SystemError::SystemError(int error, std::string_view call, std::string_view object,
                         std::string_view hint)
    : std::runtime_error{describe(error, call, object, hint)}, error_{error} {}

std::string error_text(int error) {
    return std::generic_category().message(error);
}

// The length of the UTF-8 character at the front of `text`, 0 where there is none (RFC 3629:
// shortest form only, no surrogates, nothing above U+10FFFF).
static std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (!follows(1) || !follows(2)) return 0;
    const unsigned pair = first << 8 | byte(1);
    if (pair >= 0xe0a0 && pair <= 0xefbf) return pair >= 0xeda0 && pair <= 0xedbf ? 0 : 3;
    if (pair >= 0xf090 && pair <= 0xf48f) return follows(3) ? 4 : 0;
    return 0;
}

// A character that a terminal obeys instead of showing it, or by which it shows the text around it
// in another order than it is written (CVE-2021-42574).
static bool is_control(std::string_view character) {
    const auto byte = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return byte < 0x20 || byte == 0x7f;
    if (character.size() == 2) return byte == 0xc2 && (character[1] & 0xe0) == 0x80;  // to U+009F
    const auto last = static_cast<unsigned char>(character.back());
    if (character.starts_with("\xe2\x80")) {
        return last == 0x8e || last == 0x8f || (last >= 0xaa && last <= 0xae);  // U+200E, U+202A..
    }
    return character.starts_with("\xe2\x81") && last >= 0xa6 && last <= 0xa9;  // U+2066 to U+2069
}

std::string printable(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string result;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const auto character = text.substr(0, length == 0 ? 1 : length);
        text.remove_prefix(character.size());
        if (length != 0 && !is_control(character)) {
            result.append(character);
            continue;
        }
        for (const char letter : character) {
            const auto byte = static_cast<unsigned char>(letter);
            result.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
        }
    }
    return result;
}

int report_failure(std::string_view program, const std::exception& error, int exit_code) {
    const std::string line = std::string{program} + ": " + error.what() + "\n";
    // One write, so that the lines of several processes never mix. Nowhere to report its failure.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    return exit_code;
}
