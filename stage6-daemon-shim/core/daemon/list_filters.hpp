// The `filters` parameter of GET /containers/json.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/daemon/container_table.hpp"
#include "stage6-daemon-shim/core/daemon/filters.hpp"

class ListFilters {
public:
    // `text` as Filters has it; the containers that `before` and `since` name are looked up in the
    // table. Throws HttpError 400 also for a value that cannot be, 404 for such a container.
    ListFilters(const std::string& text, const ContainerTable& table);

    // Several values of one key: any of them (of `label`: all). Different keys: each of them.
    bool pass(const Container& container) const;

    // `status` and `exited` ask for containers that do not run, as -a does.
    bool include_stopped() const { return filters_.has("status") || filters_.has("exited"); }

private:
    bool matches(const Container& container, std::string_view key, const std::string& value) const;

    Filters filters_;
    WallTime before_ = 0, since_ = 0;  // when the named ones were made; 0: none named
};
