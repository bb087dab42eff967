#include "stage6-daemon-shim/core/runtime/go_words.hpp"

#include <cctype>

#include "common/error.hpp"

std::string reason_in_words_of_go(int error) {
    std::string text = error_text(error);
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}
