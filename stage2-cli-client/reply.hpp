// What a manager answers, ours (a line) or the article's (a text without any end).
#pragma once

#include <cstddef>
#include <string_view>

// More than the longest list of containers that a manager can have.
constexpr std::size_t kReplyBytesMax = 16 * 1024 * 1024;

enum class Outcome {
    done,        // what the command asked for
    refused,     // an answer of a manager, but no
    unexpected,  // nothing that a manager says: perhaps another service has this port
};

// What a reply, without its newline, means for the command that was sent: "run web".
Outcome outcome_of(std::string_view command, std::string_view reply);
