#include "stage1-tcp-manager/validation.hpp"

#include <algorithm>
#include <array>

#include "common/error.hpp"

static constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (line = trimmed(line); !line.empty(); line = trimmed(line)) {
        words.push_back(line.substr(0, line.find_first_of(kBlanks)));
        line.remove_prefix(words.back().size());
    }
    return words;
}

// In ASCII whatever the locale, unlike std::isalnum.
static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string why_invalid_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= kNameBytesMax &&
                      is_letter_or_digit(name[0]) && std::ranges::all_of(name, [](char c) {
                          return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
                      });
    if (good) return {};
    return "Invalid container name: it starts with a letter or digit, goes on with these or _ . - "
           "and has at most " +
           std::to_string(kNameBytesMax) + " characters";
}

// A web page can make a browser post any text to a port of this machine. Its commands would come
// after the request line and the headers: the first of those ends the connection.
static bool is_http(std::string_view line, std::string_view first_word) {
    constexpr std::array<std::string_view, 9> kMethods = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    const auto same_letter = [](char a, char b) { return (a | 0x20) == b; };
    const std::string_view host = "host:";
    return std::ranges::find(kMethods, first_word) != kMethods.end() ||
           line.find(" HTTP/") != std::string_view::npos ||
           std::ranges::equal(first_word.substr(0, host.size()), host, same_letter);
}

// A terminal obeys control characters, and what is not UTF-8 is nothing that a person typed.
static bool is_printable(std::string_view word) {
    return printable(word) == word;
}

Refusal why_refused(std::string_view line, const std::vector<std::string_view>& words) {
    if (line.find('\0') != line.npos) return {"This is not text", true};
    if (is_http(line, words[0])) return {"This is not an HTTP server", true};
    if (!std::ranges::all_of(words, is_printable)) {
        return {"Invalid line: it has control characters or is not UTF-8", false};
    }
    return {{}, false};
}

bool is_whole_command(std::string_view text) {
    if (trimmed(text) == "Connection closed.") return true;
    const auto words = words_of(text);
    if (words.empty()) return true;  // blanks: nothing is waited for
    const std::string_view verb = words[0];
    if (words.size() == 1) return verb == "list" || verb == "exit" || verb == "quit";
    return words.size() == 2 && (verb == "run" || verb == "stop") &&
           why_invalid_name(words[1]).empty();
}
