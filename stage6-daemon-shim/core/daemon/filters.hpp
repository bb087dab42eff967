// The `filters` parameter of lists, events and prunes: which keys, and which values of each.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stage6-daemon-shim/core/daemon/container.hpp"

class Filters {
public:
    // `text` is JSON in one of two forms, {"name":{"a":true}} or {"name":["a"]}; empty: no filter.
    // Throws HttpError 400 for bad JSON and for a key that is not among `keys`.
    Filters(const std::string& text, std::span<const std::string_view> keys);

    bool has(std::string_view key) const;
    std::vector<std::string> values(std::string_view key) const;

    // Whether one value of the key fits, or each of them does; true where there is none.
    using Test = std::function<bool(const std::string&)>;
    bool any(std::string_view key, const Test& fits) const;
    bool all(std::string_view key, const Test& fits) const;

private:
    std::vector<std::pair<std::string, std::string>> wanted_;  // key and value
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// Whether "name" or "name=value" is among the labels.
bool has_label(const Labels& labels, const std::string& wanted);

Labels labels_of(const Container& container);
