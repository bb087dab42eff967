// UTF-8 (RFC 3629).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// How many bytes the character at the front of the text has; 0 when they are not valid: cut off,
// longer than needed, half a surrogate pair or above U+10FFFF.
std::size_t utf8_length(std::string_view text);

// Appends the character's bytes. `code_point` is valid: at most 0x10FFFF and no surrogate.
void append_utf8(std::string& output, char32_t code_point);
