// What a request asks for: the path and the query of its target (RFC 3986).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The parameters behind the question mark, decoded, in the order sent.
class Query {
public:
    Query() = default;

    // "all=1&filters=%7B%7D". Throws HttpError 400 for a bad escape.
    explicit Query(std::string_view text);

    bool has(std::string_view name) const { return find(name) != nullptr; }

    // The first value of that name; `fallback` where there is none.
    std::string get(std::string_view name, std::string_view fallback = {}) const;

    // Docker's truth: "", 0, no, false and none are false in any case, everything else is true.
    bool flag(std::string_view name, bool fallback = false) const;

    // A whole number. Throws HttpError 400 naming the parameter and the value.
    long get_number(std::string_view name, long fallback) const;

    const std::vector<std::pair<std::string, std::string>>& all() const { return parameters_; }

private:
    const std::string* find(std::string_view name) const;

    std::vector<std::pair<std::string, std::string>> parameters_;
};

struct Target {
    std::string_view path;   // still encoded: "/images/a%2Fb/json"
    std::string_view query;  // without its question mark
};

// Cuts "/path?query", "http://host/path?query" or "*". Throws HttpError 400 for anything else and
// for a bad escape in the path.
Target split_target(std::string_view target);

// "a%2Fb" as "a/b". Throws HttpError 400 for %zz, a cut-off escape, and %00, which would end the
// text early in a system call.
std::string percent_decoded(std::string_view text, bool plus_is_space = false);
