#include "stage6-daemon-shim/core/wire/target.hpp"

#include <algorithm>
#include <charconv>

#include "stage6-daemon-shim/core/wire/http.hpp"

std::string percent_decoded(std::string_view text, bool plus_is_space) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            result += text[at] == '+' && plus_is_space ? ' ' : text[at];
            continue;
        }
        const std::string_view digits = text.substr(at + 1, 2);
        unsigned byte = 0;
        const char* const end = digits.data() + digits.size();
        const auto [stopped, error] = std::from_chars(digits.data(), end, byte, 16);
        if (digits.size() != 2 || error != std::errc{} || stopped != end || byte == 0) {
            throw HttpError{400, "invalid URL escape \"%" + std::string{digits} + "\""};
        }
        result += static_cast<char>(byte);
        at += 2;
    }
    return result;
}

Target split_target(std::string_view target) {
    if (target.starts_with("http://")) {
        target.remove_prefix(7);
        target.remove_prefix(std::min(target.find('/'), target.size()));
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    const Target result{target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
    if (!result.path.starts_with('/') && result.path != "*") {
        throw HttpError{400, "request target is no path"};
    }
    if (result.path.find('%') != std::string_view::npos) percent_decoded(result.path);
    return result;
}

Query::Query(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view parameter = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (parameter.empty()) continue;
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        const std::size_t value = std::min(equals + 1, parameter.size());
        parameters_.emplace_back(percent_decoded(parameter.substr(0, equals), true),
                                 percent_decoded(parameter.substr(value), true));
    }
}

const std::string* Query::find(std::string_view name) const {
    for (const auto& [key, value] : parameters_) {
        if (key == name) return &value;
    }
    return nullptr;
}

std::string Query::get(std::string_view name, std::string_view fallback) const {
    const std::string* const value = find(name);
    return value == nullptr ? std::string{fallback} : *value;
}

bool Query::flag(std::string_view name, bool fallback) const {
    const std::string* const value = find(name);
    if (value == nullptr) return fallback;
    const std::size_t first = std::min(value->find_first_not_of(' '), value->size());
    const std::size_t last = value->find_last_not_of(' ');
    const std::string_view word = std::string_view{*value}.substr(first, last - first + 1);
    for (const std::string_view no : {"", "0", "no", "false", "none"}) {
        if (equal_ignoring_case(word, no)) return false;
    }
    return true;
}

long Query::get_number(std::string_view name, long fallback) const {
    const std::string* const value = find(name);
    if (value == nullptr || value->empty()) return fallback;
    long number = 0;
    const char* const end = value->data() + value->size();
    const auto [stopped, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc{} || stopped != end) {
        throw HttpError{400, "invalid value \"" + *value + "\" for " + std::string{name} +
                                 ": expected a whole number"};
    }
    return number;
}
