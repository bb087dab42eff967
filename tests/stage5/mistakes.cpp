// `make mistake N=...`: every mistake of the articles is to be seen on its wrong side, and there
// alone.
#include <sstream>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

static Result side_by_side(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{built("tests/side-by-side")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    RunOptions options;
    options.deadline = std::chrono::seconds{300};
    return run(command, options);
}

// The part of the text from a line to a later one.
static std::string between(const std::string& text, const std::string& from,
                           const std::string& to) {
    const auto start = text.find(from);
    const auto end = text.find(to, start == std::string::npos ? 0 : start + from.size());
    REQUIRE(start != std::string::npos);
    REQUIRE(end != std::string::npos);
    return text.substr(start + from.size(), end - start - from.size());
}

// What the commands printed: it is indented deeper than the commands are.
static std::string printed(const std::string& side) {
    std::string text;
    std::istringstream lines{side};
    bool goes_on = false;
    for (std::string line; std::getline(lines, line);) {
        const bool is_command = goes_on || line.starts_with("  $ ");
        goes_on = is_command && line.ends_with('\\');
        if (!is_command) text += line + "\n";
    }
    return text;
}

static void check_mistake(const std::string& number, bool is_for_here) {
    const Result result = side_by_side({number});
    INFO(result);
    if (!is_for_here) {
        CHECK(result.exit_code == 3);
        CHECK(result.out.find("not to be seen here: it needs ") != std::string::npos);
        return;
    }
    REQUIRE(result.exit_code == 0);
    const std::string fault = between(result.out, "\nonly the wrong side shows: ", "\n");
    const std::string wrong = printed(between(result.out, "\nwrong:\n", "\nright:\n"));
    const std::string right = printed(between(result.out, "\nright:\n", "\nonly the wrong side"));
    CHECK(wrong.find(fault) != std::string::npos);
    CHECK(right.find(fault) == std::string::npos);
    CHECK_FALSE(right.empty());
    CHECK(result.out.find("  $ ") < result.out.find("\nright:\n"));
}

// Runs those of a chapter, and returns how many there are.
static int check_chapter(const std::string& chapter) {
    const Result listed = side_by_side({});
    INFO(listed);
    REQUIRE(listed.exit_code == 0);
    std::istringstream lines{listed.out};
    int count = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        std::string number;
        words >> number;
        if (!number.starts_with(chapter + ".")) continue;
        check_mistake(number, !line.ends_with(']'));
        ++count;
    }
    return count;
}

TEST_CASE("the mistakes of article 1 show on the wrong side alone", "[mistakes][slow]") {
    CHECK(check_chapter("1") == 11);
}

TEST_CASE("the mistakes of article 2 show on the wrong side alone", "[mistakes][slow]") {
    CHECK(check_chapter("2") == 7);
}

TEST_CASE("the mistakes about namespaces show on the wrong side alone", "[mistakes][slow]") {
    if (!is_root()) need_user_namespaces();
    CHECK(check_chapter("3") == 11);
}

TEST_CASE("the mistakes about a root show on the wrong side alone", "[mistakes][slow]") {
    if (!is_root()) need_user_namespaces();
    CHECK(check_chapter("4") == 13);
}

TEST_CASE("the mistakes about limits show on the wrong side alone", "[mistakes][slow]") {
    if (!is_root()) need_user_namespaces();
    CHECK(check_chapter("5") == 13);
}

TEST_CASE("a mistake that there is none of is told so", "[mistakes]") {
    for (const std::string number : {"0.1", "3.99", "x"}) {
        const Result result = side_by_side({number});
        INFO(result);
        CHECK(result.exit_code == 1);
        CHECK(result.err ==
              "side-by-side: there is no mistake " + number + " (make mistake lists them)\n");
    }
}

// The program's answer where the files of the mistakes are these: for chapter 3 the text, and for
// the others nothing.
static Result with_chapter_3(const std::string& text, const std::string& number) {
    const std::string source = temporary_directory();
    make_directories(source + "/tests/mistakes/sides");
    for (const char chapter : {'1', '2', '3', '4', '5'}) {
        write_file(source + "/tests/mistakes/sides/chapter" + chapter + ".txt",
                   chapter == '3' ? text : "");
    }
    RunOptions options;
    options.environment = {"SLIPWAY_SOURCE=" + source};
    return run({built("tests/side-by-side"), number}, options);
}

TEST_CASE("a mistake that both sides make, or neither, is an error", "[mistakes]") {
    if (!is_root()) need_user_namespaces();
    const auto exit_code = [](const std::string& wrong, const std::string& right) {
        const Result result = with_chapter_3(
            "# 3.1 A title\nwhere: nowhere\nfault: seen\nwhy: so\n"
            "wrong:\n    echo " +
                wrong + "\nright:\n    echo " + right + "\n",
            "3.1");
        INFO(result);
        const bool is_told =
            result.err.find("this machine shows it otherwise") != std::string::npos;
        CHECK(is_told == (result.exit_code == 1));
        return result.exit_code;
    };
    CHECK(exit_code("seen", "other") == 0);
    CHECK(exit_code("seen", "seen") == 1);
    CHECK(exit_code("other", "other") == 1);
    CHECK(exit_code("other", "seen") == 1);
}

TEST_CASE("a mistake of which a part is missing is told by its number", "[mistakes]") {
    const std::string title = "# 3.1 A title\n";
    for (const std::string& text :
         {title, title + "where: nowhere\n", title + "    too deep\n", title + "nonsense: x\n"}) {
        const Result result = with_chapter_3(text, "3.1");
        INFO(result);
        CHECK(result.exit_code == 1);
        CHECK(result.err.find("side-by-side: mistake 3.1") == 0);
    }
}
