// make new, and what make check-tests finds in exercises that are sound and in others: on a small
// project of a test's own, with one stage that prints a word.
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/demo_tree.hpp"

static constexpr const char* kHole = "Size S · hole · `stage1-demo/word.cpp` `word`";

static void add_exercise(const std::string& tree, const std::string& id, const std::string& kind) {
    write_file(tree + "/book/exercises/" + id + ".md",
               "# " + id + " A word\n\n" + kind + "\n\nSay it: [chapter](../01-demo.md).\n");
}

static std::string beyond(const std::string& id) {
    return "Size M · beyond · [answer](../answers/" + id + ".patch)";
}

static Result start(const std::string& tree, const std::string& id, const std::string& directory) {
    return classroom({.verb = "new", .variables = {"EX=" + id, "DIR=" + directory}, .tree = tree});
}

TEST_CASE("an exercise starts with its function taken out, builds, and says where to read",
          "[classroom]") {
    const std::string tree = demo_tree();
    add_exercise(tree, "1.90", kHole);
    const std::string directory = temporary_directory() + "/mine";
    const Result started = start(tree, "1.90", directory);
    INFO(started);
    REQUIRE(started.exit_code == 0);
    const std::string source = read_file(directory + "/stage1-demo/word.cpp");
    CHECK(contains(source,
                   "std::string word(int times) {\n"
                   "    throw NotWrittenYet{\"word\", \"EXERCISE.md and 'Saying it' in "
                   "book/01-demo.md\"};\n}\n"));
    CHECK(contains(source, "// The word that is said.\n"));
    CHECK(contains(source, "static std::string with_newline"));
    CHECK(read_file(directory + "/stage1-demo/main.cpp") == kDemoMain);
    CHECK(!file_exists(directory + "/stage1-demo/notes.txt"));
    CHECK(contains(read_file(directory + "/EXERCISE.md"), "](" + tree + "/book/01-demo.md)"));
    const Result built = build_in(directory);
    INFO(built);
    CHECK(built.exit_code == 0);
    CHECK(built.err.empty());
    const Result result = run({directory + "/build/stage1-demo"});
    CHECK(result.exit_code == 1);
    CHECK(result.err ==
          "not written yet: word: read EXERCISE.md and 'Saying it' in book/01-demo.md\n"
          "demo: not written yet: word: read EXERCISE.md and 'Saying it' in book/01-demo.md\n");
}

TEST_CASE("an exercise beyond the reference starts with the reference as it is", "[classroom]") {
    const std::string tree = demo_tree();
    add_exercise(tree, "1.92", beyond("1.92"));
    const std::string directory = temporary_directory();  // there, and empty
    const Result started = start(tree, "1.92", directory);
    INFO(started);
    REQUIRE(started.exit_code == 0);
    CHECK(read_file(directory + "/stage1-demo/word.cpp") == kDemoWord);
    CHECK(file_exists(directory + "/EXERCISE.md"));
}

TEST_CASE("what is already there is never overwritten", "[classroom]") {
    const std::string tree = demo_tree();
    add_exercise(tree, "1.90", kHole);
    const std::string directory = temporary_directory();
    write_file(directory + "/mine.txt", "a week's work");
    const Result result = start(tree, "1.90", directory);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.err, directory + " is there and not empty"));
    CHECK(std::distance(std::filesystem::directory_iterator{directory}, {}) == 1);
    CHECK(start(tree, "1.90", directory + "/mine.txt").exit_code == 1);
}

TEST_CASE("an exercise whose text is wrong is told with file and line", "[classroom]") {
    const std::string tree = demo_tree();
    const std::pair<std::string, std::string> faults[] = {
        {"Size S · hole · `stage1-demo/word.cpp` `sentence`",
         "book/exercises/1.90.md:3: there is no sentence in stage1-demo/word.cpp"},
        {"Size S · hole · `stage1-demo/word.cpp`", "book/exercises/1.90.md:3: no `file.cpp`"},
        {"Size S · beyond · no link", "book/exercises/1.90.md:3: no link"},
        {"Say a word.", "book/exercises/1.90.md:3: not 'Size S"},
    };
    for (const auto& [kind, words] : faults) {
        add_exercise(tree, "1.90", kind);
        const std::string directory = temporary_directory() + "/mine";
        const Result result = start(tree, "1.90", directory);
        INFO(result);
        CHECK(result.exit_code == 1);
        CHECK(contains(result.err, words));
        CHECK(!file_exists(directory));
    }
    for (const std::string id : {"1.2", "9.1", "1", "1.x", "../1.90"}) {
        CHECK(contains(start(tree, id, "x").err, "there is no exercise '" + id + "'"));
    }
}

TEST_CASE("a check that the unsolved program passes, and an answer that is none, are found out",
          "[classroom]") {
    const std::string tree = demo_tree();
    add_exercise(tree, "1.90", kHole);
    add_exercise(tree, "1.91", kHole);
    add_exercise(tree, "1.92", beyond("1.92"));
    add_exercise(tree, "1.93", beyond("1.93"));
    write_file(tree + "/book/answers/1.92.patch", kDemoPatch);
    write_file(tree + "/book/answers/1.93.patch", "");
    make_directories(tree + "/build");
    const Result reference =
        run({"g++", "-std=c++20", "-I" + tree, tree + "/stage1-demo/main.cpp",
             tree + "/stage1-demo/word.cpp", "-o", tree + "/build/stage1-demo"},
            {.deadline = std::chrono::seconds{150}});
    REQUIRE(reference.exit_code == 0);
    std::string output;
    for (const std::string id : {"1.90", "1.91", "1.92", "1.93"}) {
        output += classroom({.verb = "check-tests",
                             .variables = {"EX=" + id, "BUILD=" + tree + "/build"},
                             .tree = tree})
                      .out;
    }
    INFO(output);
    CHECK(contains(output, "holds: exercise 1.90 (A word): with its holes it fails"));
    CHECK(contains(output, "FAILS: exercise 1.91 (A word)"));
    CHECK(contains(output, "    with its holes it passes:\n"));
    CHECK(contains(output, "FAILS: exercise 1.93 (A word)"));
    const Result patch = run({"patch", "--version"});
    if (patch.exit_code == 0) {
        CHECK(contains(output, "holds: exercise 1.92 (A word): the reference fails, the answer"));
    }
}

TEST_CASE("each exercise of the book can be started", "[classroom]") {
    const Result list = classroom({.verb = "new"});
    INFO(list);
    CHECK(list.exit_code == 2);
    for (const auto& entry :
         std::filesystem::directory_iterator{source_directory() + "/book/exercises"}) {
        const std::string id = entry.path().stem();
        const std::string directory = temporary_directory() + "/mine";
        const Result started = start(source_directory(), id, directory);
        INFO(started);
        CHECK(started.exit_code == 0);
        CHECK(contains(list.err, "  " + id + "  "));
        if (contains(read_file(entry.path()), " · beyond · ")) {
            CHECK(file_exists(source_directory() + "/book/answers/" + id + ".patch"));
        }
    }
}
