// Transcripts that are right pass, and each way of being wrong is told with file and line.
#include "tests/book/console.hpp"
#include "tests/book/shell.hpp"
#include "tests/support/testing.hpp"

static Page page_with(const std::string& text) {
    return page_of({"book/09-test.md", text});
}

static std::string console(const std::string& words, const std::string& lines) {
    return "```console" + words + "\n" + lines + "```\n";
}

static TranscriptReport run_page(const std::string& text) {
    return run_transcripts(page_with(text), {});
}

static std::string faults_of(const std::string& text) {
    return describe(run_page(text).faults);
}

TEST_CASE("a transcript with another output does not match", "[book]") {
    CHECK(output_matches({"a", "b"}, {"a", "b"}));
    CHECK(output_matches({"x 12 y", "b", "c"}, {"x [..] y", "..."}));
    CHECK(output_matches({"x 12 y 34"}, {"[..] 12 [..]4"}));
    CHECK(output_matches({"a", "b", "c", "b", "d"}, {"...", "b", "d"}));
    CHECK(output_matches({}, {"..."}));
    CHECK_FALSE(output_matches({"x 12 y 34"}, {"[..] 13 [..]"}));
    CHECK_FALSE(output_matches({"a", "b"}, {"a"}));
    CHECK_FALSE(output_matches({"a"}, {"a", "b"}));
    CHECK_FALSE(output_matches({"x y"}, {"x [..] y"}));
    CHECK_FALSE(output_matches({"aba"}, {"ab[..]ba"}));
}

TEST_CASE("a transcript is run in a directory of its section, with both streams", "[book]") {
    CHECK(faults_of("# A\n" + console("", "$ echo out; echo err >&2; echo x > file\nout\nerr\n") +
                    console("", "$ cat file\nx\n$ echo \\\n>   b\nb\n") + "# B\n" +
                    console("", "$ cat file\ncat: file: No such file or directory\n") +
                    console("", "$ printf 'a  \\n\\033b\\tc'; exit 3\na\n\\x1bb\tc\n"))
              .empty());
}

TEST_CASE("an ordinary user types after a $, whoever runs the tests", "[book]") {
    CHECK(faults_of(console("",
                            "$ test $(id -u) != 0; echo $?\n0\n$ touch x; echo $?\n0\n"
                            "$ touch \"$HOME/x\" \"$TMPDIR/x\"; env | grep -c XDG\n0\n"))
              .empty());
}

TEST_CASE("root types after a #", "[book][root]") {
    const Page page = page_with("# A\n" + console("", "# id -u\n0\n$ id -u\n65534\n") + "# B\n" +
                                console("", "$ id -u\n1\n"));
    const TranscriptReport report = run_transcripts(page, {.sections_of_root = true, .layout = ""});
    CHECK(describe(report.faults).empty());
    CHECK(report.commands_run == 2);
}

TEST_CASE("a wrong transcript is told with its line, what was expected and what came", "[book]") {
    const std::string told = faults_of("\n" + console("", "$ true\n$ echo a; echo b\na\nc\n"));
    CHECK(told ==
          "book/09-test.md:4: something else is seen\n  $ echo a; echo b\n  expected:\n"
          "    | a\n    | c\n  got:\n    | a\n    | b\n");
    CHECK(faults_of(console("", "$ true\nx\n")).ends_with("got: nothing\n"));
}

TEST_CASE("a command in the background lasts until its section is over", "[book]") {
    const std::string server = console(
        " background", "$ echo ready; cat fifo; echo more; sleep 1000\nready\nhello\nmore\n");
    CHECK(faults_of("# A\n" + console("", "$ mkfifo fifo\n") + server +
                    console("", "$ echo hello > fifo\n") + "# B\n" +
                    console("", "$ ls fifo\n...\n"))
              .empty());
}

TEST_CASE("a command in the background that says something else is told with its line", "[book]") {
    const std::string told =
        faults_of(console(" background", "$ echo ready; echo b; sleep 1000\nready\nc\n"));
    CHECK(told.starts_with("book/09-test.md:2: something else is seen\n"));
    CHECK(told.ends_with("got:\n    | ready\n    | b\n"));
}

TEST_CASE("a command that does not end is told with its line", "[book]") {
    const TranscriptReport report =
        run_transcripts(page_with(console("", "$ true\n$ sleep 1000\n")),
                        {.layout = "", .command_deadline = std::chrono::seconds{10}});
    CHECK(describe(report.faults).starts_with("book/09-test.md:3: no end after 10 s\n"));
}

TEST_CASE("what a block needs and is not there is told, and the rest is run", "[book]") {
    const TranscriptReport report =
        run_page(console(" needs no-such-program", "$ echo a\nb\n") + console("", "$ echo a\na\n") +
                 console(" network", "$ echo a\nb\n") + console(" needs v1 v2", "$ echo a\nb\n"));
    CHECK(describe(report.faults).empty());
    CHECK(report.commands_run == 1);
    CHECK(report.not_run == std::vector<std::string>{"book/09-test.md:1 needs no-such-program"});
}

TEST_CASE("a block for one layout of cgroups is run with its section where that is", "[book]") {
    const Page page =
        page_with("# A\n" + console("", "$ echo x > f\n") +
                  console(" needs v2 hybrid", "$ cat f\nx\n") + "# B\n" + console("", "$ false\n"));
    CHECK(run_transcripts(page, {.sections_of_root = false, .layout = "hybrid"}).commands_run == 2);
    CHECK(run_transcripts(page, {.sections_of_root = false, .layout = "v1"}).commands_run == 0);
}

TEST_CASE("the built programs are on the PATH, and port 8080 is free", "[book]") {
    CHECK(faults_of(console("", "$ stage1-tcp-manager --version | wc -l\n1\n") +
                    console(" background",
                            "$ stage1-tcp-manager --port 8080\n"
                            "Container Manager Daemon [..]127.0.0.1:8080\n...\n"))
              .empty());
}

TEST_CASE("a block that nobody understands is told with its line", "[book]") {
    const auto told = [](const std::string& text) {
        return describe(check_consoles(page_with(text)));
    };
    CHECK(told(console("", "hello\n")) ==
          "book/09-test.md:1: a transcript begins with `$ ` or `# `\n");
    CHECK(told(console(" backgruond", "$ x\n")) ==
          "book/09-test.md:1: console takes no word backgruond\n");
    CHECK(told("\n" + console(" background", "$ x\n")).starts_with("book/09-test.md:3: a back"));
}
