// The `filters` parameter of GET /containers/json.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stage6-daemon-shim/core/daemon/container.hpp"

class ListFilters {
public:
    // `text` is JSON in one of two forms, {"name":{"a":true}} or {"name":["a"]}; empty: no filter.
    // Throws HttpError 400 for bad JSON and for a key that there is not.
    explicit ListFilters(const std::string& text);

    // Several values of one key: any of them (of `label`: all). Different keys: each of them.
    bool pass(const Container& container) const;

    // `status` and `exited` ask for containers that do not run, as -a does.
    bool include_stopped() const { return has("status") || has("exited"); }

private:
    bool has(std::string_view key) const;

    std::vector<std::pair<std::string, std::string>> wanted_;  // key and value
};
