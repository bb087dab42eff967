#include "stage6-daemon-shim/core/client/listing.hpp"

#include "common/error.hpp"
#include "stage6-daemon-shim/core/client/table.hpp"

static std::string with_escapes(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
        if (next == 't' || next == 'n') {
            result += next == 't' ? '\t' : '\n';
            ++i;
        } else {
            result += text[i];
        }
    }
    return result;
}

static std::string template_text(std::string_view format, std::string_view default_table) {
    if (format.empty() || format == "table") return std::string{default_table};
    if (format == "json") return "{{json .}}";
    if (format == "raw") {
        throw UsageError{"--format raw: there are table, json and templates"};
    }
    return with_escapes(format.starts_with("table ") ? format.substr(6) : format);
}

ListFormat::ListFormat(std::string_view format, std::string_view default_table)
    : is_table_{format.empty() || format == "table" || format.starts_with("table ")},
      template_{template_text(format, default_table)} {}

static std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::size_t start = 0;
    while (true) {
        const auto tab = line.find('\t', start);
        cells.push_back(line.substr(start, tab - start));
        if (tab == std::string::npos) return cells;
        start = tab + 1;
    }
}

std::string ListFormat::text(std::span<const ListColumn> columns, const std::vector<Json>& rows,
                             bool whole) const {
    if (!is_table_) {
        std::string text;
        for (const Json& row : rows) text += template_.render(row) + "\n";
        return text;
    }
    Json headings = Json::object();
    for (const ListColumn& column : columns) headings[column.name] = column.heading;
    headings["Label"] = Json::object();
    Table table{cells_of(template_.render(headings))};
    for (const Json& row : rows) table.add(cells_of(template_.render(row)));
    return table.text(whole ? 0 : terminal_width(), has_colours());
}
