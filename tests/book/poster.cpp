// book/figures/poster.svg: each hop's function stands in the file that it names.
#include <algorithm>
#include <regex>

#include "common/file.hpp"
#include "tests/book/book.hpp"
#include "tests/support/definitions.hpp"
#include "tests/support/testing.hpp"

struct Hop {
    std::string file;
    std::string function;
};

static std::vector<Hop> hops_of(const std::string& poster) {
    static const std::regex pair{
        R"re(<tspan class="mono"[^>]*>([^<]+)</tspan><tspan class="mono"[^>]*>([^<]+)</tspan>)re"};
    std::vector<Hop> hops;
    for (std::sregex_iterator at{poster.begin(), poster.end(), pair}, end; at != end; ++at) {
        hops.push_back({(*at)[1], (*at)[2]});
    }
    return hops;
}

static bool defines(const std::string& path, const std::string& function) {
    const auto is_it = [&](const Definition& found) { return found.name == function; };
    return file_exists(path) && std::ranges::any_of(definitions_of(read_file(path)), is_it);
}

TEST_CASE("each hop of the poster is a function of the file that it names", "[book]") {
    const std::string top = source_directory() + "/";
    const auto hops = hops_of(read_file(top + "book/figures/poster.svg"));
    CHECK(hops.size() > 20);
    for (const auto& [file, function] : hops) {
        INFO(file << " defines no " << function);
        CHECK((defines(top + file, function) ||
               defines(top + "stage6-daemon-shim/" + file, function)));
    }
}

TEST_CASE("a hop that leads nowhere is seen", "[book]") {
    const auto hops = hops_of(R"(<text>x<tspan class="mono" x="1">common/fd.cpp</tspan>)"
                              R"(<tspan class="mono" x="2">no_such</tspan></text>)");
    REQUIRE(hops.size() == 1);
    CHECK(hops[0].file == "common/fd.cpp");
    CHECK_FALSE(defines(source_directory() + "/" + hops[0].file, hops[0].function));
    CHECK_FALSE(defines(source_directory() + "/common/no_such.cpp", "main"));
}
