#include "stage6-daemon-shim/core/client/detach_keys.hpp"

#include "common/error.hpp"

// Ctrl takes the three highest bits off: "ctrl-a" is 1, "ctrl-@" is 0.
static char key_of(std::string_view name, std::string_view all) {
    if (name.size() == 1) return name[0];
    constexpr std::string_view prefix = "ctrl-";
    if (name.size() == prefix.size() + 1 && name.starts_with(prefix)) {
        const char letter = name.back();
        const bool is_letter = letter >= 'a' && letter <= 'z';
        if (is_letter || std::string_view{"@[\\]^_"}.find(letter) != std::string_view::npos) {
            return static_cast<char>(letter & 0x1f);
        }
    }
    throw UsageError{"--detach-keys " + printable(all) +
                     ": expected keys such as ctrl-p,ctrl-q or ctrl-]"};
}

DetachKeys::DetachKeys(std::string_view text) {
    std::string_view rest = text.empty() ? kDefaultDetachKeys : text;
    while (true) {
        const auto comma = rest.find(',');
        keys_ += key_of(rest.substr(0, comma), text);
        if (comma == std::string_view::npos) return;
        rest.remove_prefix(comma + 1);
    }
}

std::string DetachKeys::pass(std::string_view typed) {
    std::string output;
    for (const char key : typed) {
        if (pressed()) break;
        if (key == keys_[matched_]) {
            ++matched_;
            continue;
        }
        output.append(keys_, 0, matched_);
        matched_ = key == keys_[0] ? 1 : 0;
        if (matched_ == 0) output += key;
    }
    return output;
}
