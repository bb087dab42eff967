// Lengths of time as Docker's clients and servers write them.
#pragma once

#include <optional>
#include <string_view>

// "1h30m", "90s", "1.5ms" in seconds, "0" too; nothing for a text that is none.
std::optional<double> parse_duration(std::string_view text);
