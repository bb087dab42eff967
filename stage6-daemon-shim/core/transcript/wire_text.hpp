// What goes over a connection, in words for a person.
#pragma once

#include <string>
#include <string_view>

#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// `12 bytes "hello world\n"`: at most 80 bytes of them, then `...`.
std::string data_text(std::string_view bytes);

// `first`, and below it a header a line, two columns further in.
std::string head_text(std::string first, const MessageHead& head);

// A JSON value on several lines: long texts cut, of long lists the beginning; objects of more than
// eight members without those that are empty, 0 or false. Each cut says how much is missing. What
// is no JSON as data_text().
std::string json_text(std::string_view text);
