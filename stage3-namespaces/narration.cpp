#include "stage3-namespaces/narration.hpp"

#include <unistd.h>

#include "common/error.hpp"

void Narrator::say(const std::string& line) const {
    if (quiet_) return;
    const std::string text = printable(line) + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text.append(&word == &words.front() ? "" : " ").append(word);
    return text;
}

std::string bracketed(const std::vector<std::string>& words) {
    return "[" + joined(words) + "]";
}
