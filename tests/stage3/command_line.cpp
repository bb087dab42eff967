// What a person types wrongly, and what the programs say of themselves.
#include <unistd.h>

#include <array>
#include <sstream>

#include "common/file.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "tests/stage3/container.hpp"

// Runs the program with these words alone; the words that stage 5 wants before a command differ.
static void check_refused(int stage, const Words& words, const Words& expected) {
    Words command{program(stage)};
    command.insert(command.end(), words.begin(), words.end());
    const Result result = run(command);
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.out.empty());
    CHECK(fault_of_message(result.err, program_name(stage), expected) == "");
}

TEST_CASE("bad command lines get 125 and one line that names the way out", "[stage3]") {
    for (const int stage : container_stages()) {
        check_refused(stage, {}, {"missing", "--help"});
        check_refused(stage, {"frobnicate"}, {"unknown verb frobnicate", "--help"});
        check_refused(stage, {"--frobnicate"}, {"unknown option --frobnicate", "--help"});
        check_refused(stage, {"run", "--frobnicate", "--", "true"},
                      {"unknown option --frobnicate", "--help"});
        check_refused(stage, {"run", "-z", "--", "true"}, {"unknown option -z", "--help"});
        check_refused(stage, {"run"}, {"no command", "run"});
        check_refused(stage, {"run", "--"}, {"no command", "run"});
        check_refused(stage, {"run", "--hostname"}, {"--hostname needs a value", "NAME"});
        check_refused(stage, {"run", "--init=yes", "--", "true"}, {"--init takes no value"});
        check_refused(stage, {"run", "--\x1b[2J\n"}, {"--\\x1b[2J\\x0a"});
    }
}

TEST_CASE("what is no command line ends with 125 and a word on standard error",
          "[stage3][contract]") {
    hint("125 says that it was not the command that failed");
    const Words lines[] = {{},
                           {"frobnicate"},
                           {"run"},
                           {"run", "--frobnicate", "--", "true"},
                           {"run", "--only", "network", "--", "true"},
                           {"run", "--share", "", "--", "true"},
                           {"run", "--hostname", "", "--", "true"},
                           {"run", "--hostname", std::string(65, 'a'), "--", "true"},
                           {"run", "--hostname", "a/b", "--", "true"},
                           {"run", "--hostname"},
                           {"show", "x"},
                           {"show", "999999999"}};
    for (const auto& words : lines) {
        Words command{program(3)};
        command.insert(command.end(), words.begin(), words.end());
        const Result result = run(command);
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(result.out.empty());
        CHECK_FALSE(result.err.empty());
    }
}

TEST_CASE("a host name of 64 characters is taken", "[stage3][contract]") {
    hint("the limit is the kernel's: 64 characters are allowed, 65 are not");
    const StageContainer container{3};
    for (const auto& name : {std::string(64, 'a'), std::string{"a"}, std::string{"a.b-9"}}) {
        CHECK(run(container.probing({"hostname"}, {"--hostname", name})).out == name + "\n");
    }
}

TEST_CASE("--help answers on standard output with 0", "[stage3][contract]") {
    hint("help that was asked for is no error: standard output, and 0");
    const Result help = run({program(3), "--help"});
    INFO(help);
    CHECK(help.exit_code == 0);
    CHECK(help.err.empty());
    CHECK(help.out.find("--hostname") != std::string::npos);
}

TEST_CASE("show has a line with name and number for each kind of namespace", "[stage3][contract]") {
    hint("the number is in the link /proc/PID/ns/NAME");
    const StageContainer container{3};
    if (container.has_root()) return;  // the later stages have no such verb
    Process runner{container.probing({"sleep"})};
    runner.wait_for_output("ready");
    const std::string first = std::to_string(first_process_of(runner.pid()));
    const Result table = run({program(3), "show", first});
    INFO(table);
    CHECK(table.exit_code == 0);
    for (const auto& kind : namespace_kinds()) {
        const std::string link =
            run({"readlink", "/proc/" + first + "/ns/" + std::string{kind.name}}).out;
        const std::string number = link.substr(link.find('[') + 1, 10);
        std::istringstream lines{table.out};
        bool is_there = false;
        for (std::string line; std::getline(lines, line);) {
            is_there |=
                line.find(kind.name) != std::string::npos && line.find(number) != std::string::npos;
        }
        INFO(kind.name);
        CHECK(is_there);
    }
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 143);
}

TEST_CASE("an unknown kind of namespace is refused with the list of those there are", "[stage3]") {
    for (const int stage : container_stages()) {
        for (const std::string kinds : {"network", "pid,", "", ",", "pid mnt", "PID"}) {
            for (const std::string option : {"--only", "--share"}) {
                check_refused(stage, {"run", option, kinds, "--", "true"},
                              {"no namespace is called", "pid, net, mnt, uts, ipc, user"});
            }
        }
    }
}

TEST_CASE("host names are 1 to 64 letters, digits, dots and hyphens", "[stage3]") {
    const Words bad{"", std::string(65, 'a'), "a/b", "a\nb", "-a", "a-", "a b", "\xc3\xa9"};
    for (const int stage : container_stages()) {
        for (const auto& name : bad) {
            check_refused(stage, {"run", "--hostname", name, "--", "true"}, {"--hostname", "64"});
        }
    }
}

TEST_CASE("--help and --version answer on standard output with 0", "[stage3]") {
    for (const int stage : container_stages()) {
        for (const Words& words : {Words{"--help"}, Words{"run", "--help"}}) {
            Words command{program(stage)};
            command.insert(command.end(), words.begin(), words.end());
            const Result help = run(command);
            INFO(help);
            CHECK(help.exit_code == 0);
            CHECK(help.err.empty());
            CHECK(help.out.find("Usage:") != std::string::npos);
            for (const std::string option : {"--only", "--share", "--hostname", "--user", "--init",
                                             "--quiet", "--help", "--version"}) {
                CHECK(help.out.find(option) != std::string::npos);
            }
        }
        const Result version = run({program(stage), "--version"});
        INFO(version);
        CHECK(version.exit_code == 0);
        CHECK(version.err.empty());
        CHECK(version.out.starts_with(program_name(stage) + " "));
    }
}

TEST_CASE("--help behind the command belongs to the command", "[stage3][contract]") {
    hint("options end at -- or at the first word that is none");
    for (const int stage : container_stages()) {
        CHECK(run(StageContainer{stage}.probing({"args", "--help"})).out == "--help\n");
    }
}

TEST_CASE("stage 3 narrates in the article's words and order, and --quiet is silent", "[stage3]") {
    const StageContainer container{3};
    Process runner{{program(3), "run", "--", probe(), "args", "a b"}};
    const std::string number = std::to_string(runner.pid());
    CHECK(runner.wait() == 0);
    const std::string command = "[" + probe() + " args a b]";
    CHECK(runner.err() == "Parent: Running " + command + " as PID " + number +
                              "\n"
                              "Child: Running " +
                              command +
                              " as PID 1\n"
                              "Container exited\n");
    CHECK(run(container.probing({"exit", "0"})).err.empty());
}

TEST_CASE("a command may stand without the two dashes", "[stage3]") {
    const StageContainer container{3};
    CHECK(run({program(3), "run", "--quiet", probe(), "args", "-x"}).out == "-x\n");
}

static std::string own_namespace(std::string_view kind) {
    std::array<char, 100> target{};
    const std::string path = "/proc/self/ns/" + std::string{kind};
    check(::readlink(path.c_str(), target.data(), target.size() - 1), "readlink", path);
    const std::string text{target.data()};
    return text.substr(text.find('[') + 1, text.size() - text.find('[') - 2);
}

TEST_CASE("show prints a table of all kinds, and which of them are ours", "[stage3]") {
    const StageContainer container{3};
    Process runner{container.probing({"sleep"})};
    runner.wait_for_output("ready");
    const pid_t first = first_process_of(runner.pid());
    for (const bool of_container : {false, true}) {
        Words command{program(3), "show"};
        if (of_container) command.push_back(std::to_string(first));
        const Result result = run(command);
        INFO(result);
        CHECK(result.exit_code == 0);
        std::istringstream text{result.out};
        std::string line;
        std::getline(text, line);
        CHECK(line == "NAMESPACE  NUMBER       OURS  ISOLATES");
        for (const auto& kind : namespace_kinds()) {
            std::string name, number, ours;
            text >> name >> number >> ours;
            std::getline(text, line);
            CHECK(name == kind.name);
            const bool shared =
                !of_container || kind.name == "time" || (kind.name == "user" && is_root());
            CHECK(ours == (shared ? "yes" : "no"));
            CHECK((number == own_namespace(kind.name)) == shared);
        }
        CHECK_FALSE(std::getline(text, line));
    }
    runner.signal(SIGTERM);
    CHECK(runner.wait() == 143);
}

TEST_CASE("show refuses what is no process", "[stage3]") {
    check_refused(3, {"show", "x"}, {"show x"});
    check_refused(3, {"show", "0"}, {"show 0"});
    check_refused(3, {"show", "1", "2"}, {"one process"});
    check_refused(3, {"show", "999999999"}, {"/proc/999999999", "No such file"});
}

TEST_CASE("show of another user's process says to ask as root", "[stage3]") {
    const std::string path = program(3);
    const Result result = run(as_ordinary_user({path, "show", "1"}));
    if (result.exit_code == 0) skip("process 1 belongs to the same user here");
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(fault_of_message(result.err, program_name(3),
                           {"/proc/1/ns", "another user", "as root"}) == "");
}
