// make new STAGE=N, make export, make diff and make bug, on a small project of a test's own.
#include <algorithm>
#include <filesystem>

#include "common/file.hpp"
#include "tests/classroom/demo_tree.hpp"

static Result call(const std::string& tree, const std::string& verb,
                   const std::vector<std::string>& variables) {
    return classroom({.verb = verb, .variables = variables, .tree = tree});
}

static std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
}

TEST_CASE("a stage starts without its functions, builds, and says what to write and where to read",
          "[classroom]") {
    const std::string directory = temporary_directory() + "/mine";
    const Result started = call(demo_tree(), "new", {"STAGE=1", "DIR=" + directory});
    INFO(started);
    REQUIRE(started.exit_code == 0);
    CHECK(started.out.starts_with("stage 1: 2 functions to write\n"));
    const std::string source = read_file(directory + "/stage1-demo/word.cpp");
    CHECK(contains(source, "// The word that is said.\nstd::string word(int times) {\n    throw "));
    CHECK(
        contains(source, "static std::string with_newline(const std::string& text) {\n    throw"));
    const std::string main = read_file(directory + "/stage1-demo/main.cpp");
    CHECK(contains(main, "    std::fputs(word(1).c_str(), stdout);\n"));
    CHECK(
        contains(main, "exit_code_not_written_yet(error, \"'The contract' in book/01-demo.md\")"));
    const Result built = build_in(directory);
    INFO(built);
    REQUIRE(built.exit_code == 0);
    CHECK(built.err.empty());
    const Result result = run({directory + "/build/stage1-demo"});
    CHECK(result.exit_code == 70);
    CHECK(result.err == "not written yet: word: read 'Saying it' in book/01-demo.md\n");
}

TEST_CASE("the standard library is read once for all files of a stage", "[classroom]") {
    const std::string directory = temporary_directory() + "/mine";
    REQUIRE(call(demo_tree(), "new", {"STAGE=1", "DIR=" + directory}).exit_code == 0);
    const auto build = [&] {
        return run({"make", "-s", "CXX=g++"},
                   {.directory = directory, .deadline = std::chrono::seconds{150}});
    };
    REQUIRE(build().exit_code == 0);
    const std::string headers = directory + "/build/standard-g++.hpp";
    CHECK(contains(read_file(headers), "#include <string>\n"));
    write_file(headers, "#error read again\n");
    const std::string source = directory + "/stage1-demo/word.cpp";
    write_file(source, read_file(source) + "// changed\n");
    const Result result = build();
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("for another language a stage starts with its contract and a script, and nothing else",
          "[classroom]") {
    const std::string tree = demo_tree();
    const std::string directory = temporary_directory() + "/mine";
    const Result started = call(tree, "new", {"STAGE=1", "DIR=" + directory, "SKELETON=empty"});
    INFO(started);
    REQUIRE(started.exit_code == 0);
    CHECK(names_in(directory) == std::vector<std::string>{"CONTRACT.md", "run"});
    const std::string contract = read_file(directory + "/CONTRACT.md");
    CHECK(contract.starts_with("# The contract of stage 1\n"));
    CHECK(contains(contract, "It says hello, and [nothing](" + tree + "/book/README.md) else."));
    CHECK(!contains(contract, "It is said."));
    const Result result = run({directory + "/run"});
    CHECK(result.exit_code == 70);
    CHECK(contains(result.err, "not written yet: read " + directory + "/CONTRACT.md"));
}

TEST_CASE("a stage is never started over somebody's work, and only one that is there",
          "[classroom]") {
    const std::string tree = demo_tree();
    const std::string directory = temporary_directory();
    write_file(directory + "/mine.txt", "a week's work");
    for (const std::string skeleton : {"", "empty"}) {
        const Result result =
            call(tree, "new", {"STAGE=1", "DIR=" + directory, "SKELETON=" + skeleton});
        INFO(result);
        CHECK(result.exit_code == 1);
        CHECK(names_in(directory).size() == 1);
    }
    CHECK(call(tree, "new", {"STAGE=3", "DIR=" + directory + "/x"}).exit_code == 1);
    CHECK(call(tree, "new", {"STAGE=6", "DIR=" + directory + "/x"}).exit_code == 2);
    CHECK(call(tree, "new", {"STAGE=1"}).exit_code == 2);
    CHECK(call(tree, "new", {"STAGE=1", "DIR=x", "SKELETON=full"}).exit_code == 2);
}

TEST_CASE("what is exported is flat, exact, and builds by itself", "[classroom]") {
    const std::string tree = demo_tree();
    write_file(tree + "/common/unused.hpp", "#pragma once\n");
    const std::string directory = temporary_directory() + "/handout";
    const Result exported = call(tree, "export", {"STAGE=1", "DIR=" + directory});
    INFO(exported);
    REQUIRE(exported.exit_code == 0);
    CHECK(names_in(directory) ==
          std::vector<std::string>{"Makefile", "main.cpp", "word.cpp", "word.hpp"});
    const std::string makefile = read_file(directory + "/Makefile");
    CHECK(std::ranges::count(makefile, '\n') == 5);
    const Result built = build_in(directory);
    INFO(built);
    CHECK(built.exit_code == 0);
    CHECK(run({directory + "/stage1-demo"}).out == "hello\n");
}

TEST_CASE("the recipe is shown beside the one before it, what is new marked", "[classroom]") {
    const Result result = call(source_directory(), "diff", {"STAGE=5"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with("stage4-chroot/main.cpp | stage5-cgroups/main.cpp: "));
    CHECK(contains(result.out, "+         cgroup.join();"));
    CHECK(contains(result.out, "        make_mounts_private();   "));
    CHECK(!contains(result.out, "\033["));
    CHECK(call(source_directory(), "diff", {"STAGE=1"}).exit_code == 2);
}

TEST_CASE("a planted bug builds, is not pointed at, and is told from the reference",
          "[classroom]") {
    const std::string tree = demo_tree();
    make_directories(tree + "/book/bugs");
    write_file(tree + "/book/bugs/1.90.md",
               "# 1.90 The wrong word\n\nIt says goodbye.\n\n**Answer**: [it](1.90.patch).\n");
    write_file(tree + "/book/bugs/1.90.patch", kDemoPatch);
    if (run({"patch", "--version"}).exit_code != 0) skip("patch(1)");
    const std::string directory = temporary_directory() + "/ill";
    const Result planted = call(tree, "bug", {"N=1.90", "DIR=" + directory});
    INFO(planted);
    REQUIRE(planted.exit_code == 0);
    CHECK(names_in(directory) ==
          std::vector<std::string>{"BUG.md", "Makefile", "common", "stage1-demo"});
    CHECK(!contains(read_file(directory + "/BUG.md"), "patch"));
    const auto time_of = [&](const std::string& name) {
        return std::filesystem::last_write_time(directory + "/stage1-demo/" + name);
    };
    CHECK(time_of("word.cpp") == time_of("main.cpp"));
    const Result built = build_in(directory);
    INFO(built);
    REQUIRE(built.exit_code == 0);
    const std::string program = directory + "/build/stage1-demo";
    CHECK(run({program}).out == "goodbye\n");
    const Result marked = call(tree, "bug", {"N=1.90", "PROGRAM=" + program});
    INFO(marked);
    CHECK(marked.exit_code == 1);
    CHECK(contains(marked.out, "FAILED: victim: a bug's check"));
    const std::string well = script("#!/bin/sh\necho hello\n");
    CHECK(call(tree, "bug", {"N=1.90", "PROGRAM=" + well}).exit_code == 0);
    for (const std::string id : {"1.91", "../x", "9.1"}) {
        CHECK(contains(call(tree, "bug", {"N=" + id}).err, "there is no bug '" + id + "'"));
    }
}

TEST_CASE("each bug of the book can be planted", "[classroom]") {
    if (run({"patch", "--version"}).exit_code != 0) skip("patch(1)");
    const Result list = call(source_directory(), "bug", {});
    INFO(list);
    CHECK(list.exit_code == 2);
    for (const auto& name : names_in(source_directory() + "/book/bugs")) {
        if (!name.ends_with(".patch")) continue;
        const std::string id = name.substr(0, name.size() - 6);
        const Result planted =
            call(source_directory(), "bug", {"N=" + id, "DIR=" + temporary_directory() + "/ill"});
        INFO(planted);
        CHECK(planted.exit_code == 0);
        CHECK(contains(list.err, "  " + id + "  "));
    }
}
