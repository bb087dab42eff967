// The whole check, on a small project with one fault of each kind.
#include <filesystem>

#include "common/file.hpp"
#include "tests/support/testing.hpp"

static const std::string kSource =
    "// Steps.\nint step(int a) {\n    return a + 1;\n}\n\nint unsaid() {\n    return 0;\n}\n";
static const std::string kRightChapter =
    "# Three\n\n```cpp stage3-namespaces/step.cpp step\nint step(int a) {\n    return a + 1;\n}\n"
    "```\n\n`unsaid` and [the start](../README.md) of it.\n\n```console\n$ echo a\na\n```\n";
static const std::string kWrongChapter =
    "# Three\n\n```cpp stage3-namespaces/step.cpp step\nint step(int a) {\n    return a + 2;\n}\n"
    "```\n\n[the end](nowhere.md) ![p](figures/none.svg)\n\nsee line 2\n\n```console\n$ echo a\nb\n"
    "```\n\n```cpp stage3-namespaces/step.cpp leap\n```\n\n```console needs no-such-program\n$ "
    "x\n```\n";

static Result check_project_with(const std::string& chapter) {
    const std::string directory = temporary_directory();
    for (const char* folder : {"/book", "/stage3-namespaces"}) {
        make_directories(directory + folder);
    }
    write_file(directory + "/README.md", "# Top\n");
    write_file(directory + "/stage3-namespaces/step.cpp", kSource);
    write_file(directory + "/book/03-steps.md", chapter);
    const std::string build = std::filesystem::absolute(built("")).string();
    return run({std::filesystem::read_symlink("/proc/self/exe").string(), "--jobs", "2",
                "[page]~[serial]~[root]"},
               {.environment = {"SLIPWAY_SOURCE=" + directory, "CHAPTER=03", "BUILD=" + build},
                .deadline = std::chrono::seconds{150}});
}

TEST_CASE("a chapter without a fault passes the whole check", "[book]") {
    const Result result = check_project_with(kRightChapter);
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a transcript that needs what is not here is skipped aloud", "[book]") {
    const Result result =
        check_project_with(kRightChapter + "\n```console needs no-such-program\n$ x\n```\n");
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.find("1 not run: book/03-steps.md:16 needs no-such-program") !=
          std::string::npos);
}

TEST_CASE("each fault of a chapter makes the check fail with file and line", "[book]") {
    const Result result = check_project_with(kWrongChapter);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.out.find(" 0 skipped") != std::string::npos);  // a fault is never hidden by a skip
    for (const std::string fault :
         {"book/03-steps.md:5: stale quote of step", "book/03-steps.md:9: dead link: nowhere.md",
          "book/03-steps.md:9: dead link: figures/none.svg",
          "book/03-steps.md:11: refers to a line", "book/03-steps.md:14: something else is seen",
          "book/03-steps.md:18: stage3-namespaces/",
          "stage3-namespaces/step.cpp:6: book/03-steps.md neither quotes nor names unsaid"}) {
        INFO(fault);
        CHECK(result.out.find(fault) != std::string::npos);
    }
}
