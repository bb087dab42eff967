// The reading order in stage 6's README.md says how much there is to read; that has to stay true.

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "common/file.hpp"
#include "tests/support/testing.hpp"

struct Row {
    std::vector<std::string> files;
    long lines = 0;
};

static std::vector<Row> reading_rows(const std::string& readme) {
    std::vector<Row> rows;
    const auto section = readme.find("## Reading order");
    const std::string text = readme.substr(section, readme.find("\n## ", section + 1) - section);
    for (std::size_t at = text.find("\n| "); at != std::string::npos;
         at = text.find("\n| ", at + 1)) {
        const std::string line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
        const auto last_cell = line.rfind("| ", line.size() - 3);
        Row row;
        const char* digits = line.data() + last_cell + 2;
        if (std::from_chars(digits, line.data() + line.size(), row.lines).ec != std::errc{})
            continue;
        for (std::size_t tick = line.find('`'); tick != std::string::npos;) {
            const auto end = line.find('`', tick + 1);
            row.files.push_back(line.substr(tick + 1, end - tick - 1));
            tick = line.find('`', end + 1);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

TEST_CASE("the reading order of stage 6 names files that are there, with their lengths",
          "[stage6][readme]") {
    const std::string folder = source_directory() + "/stage6-daemon-shim/";
    const auto rows = reading_rows(read_file(folder + "README.md"));
    REQUIRE(rows.size() >= 8);
    long together = 0;
    for (const Row& row : rows) {
        long lines = 0;
        for (const auto& file : row.files) {
            const std::string text = read_file(folder + file);
            lines += std::count(text.begin(), text.end(), '\n');
        }
        if (row.files.empty()) lines = together;
        together += lines;
        INFO("the row says " << row.lines << ", it is " << lines);
        CHECK(std::abs(row.lines - lines) <= lines / 10);
    }
}
