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

std::string printable(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string result;
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text[0]);
        const std::size_t length = utf8_length(text);
        // U+0080 to U+009F are control characters too: some terminals obey them.
        const bool c1_control = byte == 0xc2 && length == 2 && (text[1] & 0xe0) == 0x80;
        if (length == 0 || byte < 0x20 || byte == 0x7f || c1_control) {
            result.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
            text.remove_prefix(1);
            if (!c1_control) continue;
            const auto second = static_cast<unsigned char>(text[0]);
            result.append("\\x").append({digits[second >> 4], digits[second & 15]});
            text.remove_prefix(1);
        } else {
            result.append(text.substr(0, length));
            text.remove_prefix(length);
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
