// The rules of the house, applied to this very tree.
#include <filesystem>
#include <set>

#include "tests/house/rules.hpp"
#include "tests/support/testing.hpp"

static const Tree& tree() {
    static const Tree files = read_tree(source_directory());
    return files;
}

static void check_each(const std::function<Faults(const SourceFile&)>& rule) {
    Faults faults;
    for (const SourceFile& file : tree()) {
        for (const Fault& fault : rule(file)) faults.push_back(fault);
    }
    INFO(describe(faults));
    CHECK(faults.empty());
}

static void check_whole(const Faults& faults) {
    INFO(describe(faults));
    CHECK(faults.empty());
}

TEST_CASE("includes point backwards only, and in stage 6 along its edges", "[house]") {
    check_each(check_includes);
}

TEST_CASE("lines, files and functions are short", "[house]") {
    check_each(check_lengths);
    check_each(check_functions);
}

TEST_CASE("nobody makes a forbidden call or leaves something unfinished", "[house]") {
    check_each(check_forbidden);
}

TEST_CASE("no statement's head suspends a coroutine", "[house]") {
    check_each(check_awaits);
}

TEST_CASE("what the shim links uses neither streams nor std::filesystem", "[house]") {
    check_each(check_headers_of_shim);
}

TEST_CASE("each main.cpp of a stage says which earlier chapters it uses", "[house]") {
    check_each(check_first_comment);
}

TEST_CASE("common is small and knows nothing of containers", "[house]") {
    check_whole(check_common(tree()));
}

TEST_CASE("a stage's step is main.cpp and at most two short files", "[house]") {
    std::set<std::string> folders;
    for (const SourceFile& file : tree()) {
        if (stage_of(file.path) > 0 && stage_of(file.path) < 6) {
            folders.insert(top_folder(file.path));
        }
    }
    for (const auto& folder : folders) check_whole(check_step(tree(), folder));
}

TEST_CASE("each special system call has one home", "[house]") {
    check_whole(check_homes(tree()));
}

TEST_CASE("the top level is what the picture of the house shows", "[house]") {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{source_directory()}) {
        names.push_back(entry.path().filename());
    }
    check_whole(check_top_level(names));
}
