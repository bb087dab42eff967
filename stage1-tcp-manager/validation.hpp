// What may be said: the guards between the network and the table. Pure, like protocol.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

constexpr std::size_t kNameBytesMax = 64;

// Without the spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

// What spaces and tabs separate.
std::vector<std::string_view> words_of(std::string_view line);

// Why a container cannot have this name, as the manager would reply; empty when it can.
std::string why_invalid_name(std::string_view name);

// Why a line is refused before anybody looks for a command in it; empty when it is not.
// `words` are its words, of which there is at least one.
struct Refusal {
    std::string_view reason;
    bool closes;  // whoever sent this does not speak our language: no further line is taken
};
Refusal why_refused(std::string_view line, const std::vector<std::string_view>& words);

// True for what can be taken as a command although no newline ended it: a client like the
// article's sends none. False for what may be the beginning of something.
bool is_whole_command(std::string_view text);
