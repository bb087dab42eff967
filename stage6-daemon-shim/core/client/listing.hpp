// Lists as Docker's commands print them: a table, or what --format asks for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stage6-daemon-shim/core/client/template.hpp"

struct ListColumn {
    std::string_view name;     // in a template: .Names
    std::string_view heading;  // in a table: NAMES
};

// `format` as it was typed: empty for the table of `default_table` ("{{.ID}}\t{{.Names}}"), "json"
// for one object a line, "table TEMPLATE" for another table, else a template for each row. \t and
// \n written as two characters are those characters.
class ListFormat {
public:
    // Throws UsageError.
    ListFormat(std::string_view format, std::string_view default_table);

    // Whether the rows must have the member, or the function that is called like a member.
    bool needs(std::string_view name) const { return template_.needs("." + std::string{name}); }
    bool calls(std::string_view name) const { return template_.names("." + std::string{name}); }

    // All rows, each an object with the columns' members. A table is fitted to the terminal unless
    // `whole`, and has colours there. Throws Failure for a template with a member that is none.
    std::string text(std::span<const ListColumn> columns, const std::vector<Json>& rows,
                     bool whole) const;

private:
    bool is_table_ = false;
    Template template_;
};
