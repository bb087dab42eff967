// The part of Go's text/template that people type behind --format: text, and between {{ and }}
// a path into a JSON value (.State.Pid), a call of a function, or several of them joined by |.
// Functions: json, lower, upper, title, len, index, join, truncate, println.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stage6-daemon-shim/core/json/json.hpp"

class Template {
public:
    // Throws UsageError that names what is not understood: range, if, variables, parentheses.
    explicit Template(std::string_view text);

    // Throws Failure for a member that is not there; but one of the user's own names, such as a
    // label, is shown as `<no value>`.
    std::string render(const Json& value) const;

    // Whether the path ".Size", or one below it, or the whole value occurs; or that very path.
    bool needs(std::string_view path) const;
    bool names(std::string_view path) const;

private:
    using Call = std::vector<std::string>;  // a function and its arguments, or a path

    struct Part {
        std::string text;
        std::vector<Call> calls;  // none: a plain text
    };

    bool has_word(const std::function<bool(const std::string&)>& test) const;
    void add_action(std::string_view inside);

    std::vector<Part> parts_;
};
