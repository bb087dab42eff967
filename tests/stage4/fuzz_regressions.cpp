// What the fuzzers found (tests/fuzz), each with the input that showed it, made smaller.
#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/elf_file.hpp"
#include "stage4-chroot/root_options.hpp"
#include "tests/stage4/elf_image.hpp"
#include "tests/support/testing.hpp"

TEST_CASE("a bind's place is of plain names, and not the root by another name", "[stage4]") {
    RootOptions options;
    std::vector<std::string> environment;
    const auto table = root_option_table(options, environment);
    const auto bind = [&](const std::string& place) {
        parse_options({"x", "", ""}, table, {"-v", "/a:" + place});
        return options.binds.back().destination;
    };
    CHECK(bind("/b/") == "/b");
    CHECK(bind("//b/./c//d") == "/b/c/d");
    CHECK(bind("/../../b/../c") == "/c");
    for (const char* place : {"//", "/.", "/./", "/..", "/b/..", "/b/../..", "b/.."}) {
        CAPTURE(place);
        CHECK_THROWS_AS(bind(place), UsageError);
    }
}

TEST_CASE("a table at the end of all offsets is a damaged file, not a system's error", "[stage4]") {
    auto parts = elf_parts<Elf64>({.interpreter = "/lib/ld.so"});
    parts.header.e_phoff = 0x7fffffffffffffd4;
    const std::string path = temporary_directory() + "/elf";
    write_file(path, parts.image());
    ElfFile elf;
    CHECK_THROWS_AS(read_elf(path, elf), Failure);
    REQUIRE(::unlink(path.c_str()) == 0);
}
