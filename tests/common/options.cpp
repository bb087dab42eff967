#include "common/options.hpp"

#include <unistd.h>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "tests/support/testing.hpp"

using Words = std::vector<std::string>;

static constexpr Program kProgram{"program", "one NAME\ntwo", "Does this\nand that."};

// A parser with one option of each kind, and what it has understood, in order.
struct Parsed {
    Words seen{};
    Words rest{};

    explicit Parsed(const Words& arguments) {
        const auto note = [this](const std::string& name) {
            return [this, name](std::string_view value) {
                seen.push_back(name + "=" + std::string{value});
            };
        };
        rest = parse_options(kProgram,
                             {{"--memory", "MB", "how much", note("memory")},
                              {"-v --volume", "SRC:DST", "where", note("volume")},
                              {"--all -a", "", "everything", note("all")},
                              {"--a-very-long-name-of-an-option", "X", "long", note("long")}},
                             arguments);
    }
};

static std::string complaint(const Words& arguments) {
    try {
        const Parsed parsed{arguments};
        return "";
    } catch (const UsageError& error) {
        return error.what();
    }
}

TEST_CASE("every form of an option is understood", "[common]") {
    CHECK(Parsed{{"--memory", "64"}}.seen == Words{"memory=64"});
    CHECK(Parsed{{"--memory=64"}}.seen == Words{"memory=64"});
    CHECK(Parsed{{"--memory="}}.seen == Words{"memory="});
    CHECK(Parsed{{"--memory", ""}}.seen == Words{"memory="});
    CHECK(Parsed{{"--memory=a=b"}}.seen == Words{"memory=a=b"});
    CHECK(Parsed{{"--memory", "--all"}}.seen == Words{"memory=--all"});
    CHECK(Parsed{{"-v", "a:b"}}.seen == Words{"volume=a:b"});
    CHECK(Parsed{{"-va:b"}}.seen == Words{"volume=a:b"});
    CHECK(Parsed{{"-v=a"}}.seen == Words{"volume==a"});
    CHECK(Parsed{{"--volume", "a:b"}}.seen == Words{"volume=a:b"});
    CHECK(Parsed{{"--all", "-a"}}.seen == Words{"all=", "all="});
    CHECK(Parsed{{"-a", "--memory", "1", "-vx", "--memory=2"}}.seen ==
          Words{"all=", "memory=1", "volume=x", "memory=2"});
}

TEST_CASE("options end at the first other word, or at two dashes", "[common]") {
    CHECK(Parsed{{}}.rest.empty());
    CHECK(Parsed{{"ls", "-la", "--all"}}.rest == Words{"ls", "-la", "--all"});
    CHECK(Parsed{{"-a", "ls", "-a"}}.rest == Words{"ls", "-a"});
    CHECK(Parsed{{"-a", "--", "-a", "--"}}.rest == Words{"-a", "--"});
    CHECK(Parsed{{"--"}}.rest.empty());
    CHECK(Parsed{{"-", "-a"}}.rest == Words{"-", "-a"});
    CHECK(Parsed{{"", "-a"}}.rest == Words{"", "-a"});
}

TEST_CASE("what is wrong with an option is said, and how to get help", "[common]") {
    CHECK(complaint({"--memroy", "64"}) == "unknown option --memroy (try program --help)");
    CHECK(complaint({"--mem=64"}) == "unknown option --mem (try program --help)");
    CHECK(complaint({"-x"}) == "unknown option -x (try program --help)");
    CHECK(complaint({"-xyz"}) == "unknown option -x (try program --help)");
    CHECK(complaint({"--all -a"}) == "unknown option --all -a (try program --help)");
    CHECK(complaint({"--\n"}) == "unknown option --\\x0a (try program --help)");
    CHECK(complaint({"--memory"}) == "--memory needs a value: --memory MB (try program --help)");
    CHECK(complaint({"-a", "-v"}) == "-v needs a value: -v SRC:DST (try program --help)");
    CHECK(complaint({"--all=yes"}) == "--all takes no value (try program --help)");
    CHECK(complaint({"-ab"}) == "-a takes no value (try program --help)");
}

TEST_CASE("a value that its option refuses is that option's own error", "[common]") {
    const std::vector<Option> options{
        {"--port", "N", "", [](std::string_view text) { parse_number(text, "--port", 0, 65535); }}};
    CHECK_THROWS_WITH(parse_options(kProgram, options, {"--port", "x"}),
                      "--port x: not a number from 0 to 65535");
}

// What a program that is given these arguments prints, and that it ends with 0.
static std::string printed(const std::string& argument) {
    Pipe pipe = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        duplicate_onto(pipe.write_end.get(), STDOUT_FILENO);
        const Parsed parsed{{"-a", argument, "--unknown"}};
        ::_exit(1);
    }
    pipe.write_end.close();
    const std::string text = read_all(pipe.read_end.get(), "pipe");
    CHECK(Child{pid}.wait() == 0);
    return text;
}

TEST_CASE("--help prints what the table says", "[common]") {
    CHECK(printed("--help") ==
          "Usage:\n"
          "  program one NAME\n"
          "  program two\n"
          "\n"
          "Does this\n"
          "and that.\n"
          "\n"
          "Options:\n"
          "  --memory MB                 how much\n"
          "  -v, --volume SRC:DST        where\n"
          "  --all, -a                   everything\n"
          "  --a-very-long-name-of-an-option X\n"
          "                              long\n"
          "  --help                      show this text\n"
          "  --version                   show the version\n");
}

TEST_CASE("--version prints name and version", "[common]") {
    CHECK(printed("--version") == "program " + std::string{kVersion} + "\n");
}

TEST_CASE("a number is whole, decimal and within its bounds", "[common]") {
    const auto parse = [](std::string_view text) { return parse_number(text, "n", -5, 100); };
    CHECK(parse("0") == 0);
    CHECK(parse("007") == 7);
    CHECK(parse("-5") == -5);
    CHECK(parse("100") == 100);
    for (const std::string bad : {"", " 1", "1 ", "+1", "0x1", "1.0", "1e1", "one", "-6", "101",
                                  "99999999999999999999999", "--1", "1\n"}) {
        INFO(bad);
        CHECK_THROWS_AS(parse(bad), UsageError);
    }
}

TEST_CASE("the arguments of main are those behind the program's name", "[common]") {
    char name[] = "program";
    char word[] = "word";
    char* const argv[] = {name, word, nullptr};
    CHECK(arguments_of(2, const_cast<char**>(argv)) == Words{"word"});
    CHECK(arguments_of(1, const_cast<char**>(argv)).empty());
    CHECK(arguments_of(0, const_cast<char**>(argv)).empty());
}
