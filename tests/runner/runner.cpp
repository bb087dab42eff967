// The runner runs itself on cases that misbehave (victims.cpp) and has to say so.
#include <dirent.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/case.hpp"
#include "tests/support/leak_check.hpp"
#include "tests/support/selection.hpp"
#include "tests/support/testing.hpp"

// The runner on these cases, with a TMPDIR of its own.
static Result run_runner(std::vector<std::string> arguments, const std::string& place) {
    arguments.insert(arguments.begin(), own_program());
    return run(arguments,
               {.environment = {"TMPDIR=" + place}, .deadline = std::chrono::seconds{120}});
}

static Result run_victim(const std::string& name, std::vector<std::string> options = {}) {
    options.push_back("victim: " + name);
    return run_runner(options, temporary_directory());
}

static bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

static std::string last_line(const std::string& text) {
    const std::size_t end = text.size() - 1;
    return text.substr(text.rfind('\n', end - 1) + 1);
}

static bool is_empty_directory(const std::string& path) {
    DIR* const directory = ::opendir(path.c_str());
    if (directory == nullptr) throw SystemError{errno, "opendir", path};
    int count = 0;
    while (::readdir(directory) != nullptr) ++count;
    ::closedir(directory);
    return count == 2;
}

TEST_CASE("a case that passes is counted, and the sum is the last line", "[runner]") {
    const Result result = run_victim("passes");
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(last_line(result.out) == "1 passed, 0 failed, 0 skipped\n");
    CHECK(result.out.starts_with("seed "));
    CHECK(!contains(result.out, "victim"));
}

TEST_CASE("with --verbose a case that passes has a line of its own", "[runner]") {
    const Result result = run_victim("passes", {"--verbose"});
    INFO(result);
    CHECK(contains(result.out, "passed: victim: passes"));
}

TEST_CASE("a failed check shows the command, its exit code and both its streams", "[runner]") {
    const Result result = run_victim("fails a check");
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(last_line(result.out) == "0 passed, 1 failed, 0 skipped\n");
    CHECK(contains(result.out, "FAILED: victim: fails a check"));
    CHECK(contains(result.out, "streams 'to out' 'to err'"));
    CHECK(contains(result.out, "exit code: 0"));
    CHECK(contains(result.out, "| to out"));
    CHECK(contains(result.out, "| to err"));
}

TEST_CASE("a skip gives its reason and fails only with --strict", "[runner]") {
    const Result lenient = run_victim("skips");
    INFO(lenient);
    CHECK(lenient.exit_code == 0);
    CHECK(contains(lenient.out, "skipped: victim: skips: the moon is not full\n"));
    CHECK(last_line(lenient.out) == "0 passed, 0 failed, 1 skipped\n");
    const Result strict = run_victim("skips", {"--strict"});
    CHECK(strict.exit_code == 1);
    CHECK(last_line(strict.out) == "0 passed, 0 failed, 1 skipped\n");
}

TEST_CASE("a case that crashes fails and names the signal", "[runner]") {
    const Result result = run_victim("crashes");
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "killed by signal 9"));
}

TEST_CASE("a case that hangs is killed with its deaf program at the deadline", "[runner]") {
    const std::string place = temporary_directory();
    // With time enough for it to have started its program by then.
    const Result result = run_runner({"--deadline", "5", "victim: hangs"}, place);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "no end after 5 s: killed"));
    CHECK(contains(result.out, "probe ignore-term"));
    CHECK(last_line(result.out) == "0 passed, 1 failed, 0 skipped\n");
    CHECK(is_empty_directory(place));
}

TEST_CASE("of ten megabytes the beginning and the end are shown", "[runner]") {
    const Result result = run_victim("says ten megabytes and fails");
    INFO("bytes: " << result.out.size());
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "the first word"));
    CHECK(contains(result.out, "bytes left out"));
    CHECK(contains(result.out, "after all this"));
    CHECK(result.out.size() < 200000);
}

TEST_CASE("a process left behind fails the case, is named and killed", "[runner]") {
    const Result result = run_victim("leaves a process");
    INFO(result);
    CHECK(result.exit_code == 1);
    const std::string sentence = "process left behind: ";
    REQUIRE(contains(result.out, sentence));
    CHECK(contains(result.out, "probe orphan"));
    const std::string pid =
        std::to_string(std::stoi(result.out.substr(result.out.find(sentence) + sentence.size())));
    CHECK(!file_exists("/proc/" + pid));
}

TEST_CASE("a program that is just ending is no leak", "[runner]") {
    const Result result = run_victim("leaves a program that it killed and did not wait for");
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a mount left behind fails the case, and what is behind it survives", "[runner][root]") {
    const std::string place = temporary_directory();
    const Result result = run_runner({"victim: leaves a mount"}, place);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "mount left behind: " + place + "/slipway-test-"));
    CHECK(contains(result.out, "hint: all else was right, but a mount is seen outside"));
    CHECK(is_empty_directory(place));
    CHECK(!contains(read_file("/proc/self/mountinfo"), place));
}

TEST_CASE("a mount left on /proc fails the case, with the reason", "[runner][root]") {
    const Result result = run_victim("covers /proc");
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "are the mounts of the container private?"));
}

// Engines of this machine take mounts away while a case runs, by removing the mount point.
TEST_CASE("a mount of the host whose place somebody removes is not held against the case",
          "[runner][root]") {
    const std::string place = temporary_directory();
    const std::string point = place + "/point";
    make_directories(point);
    check(::mount("none", point.c_str(), "tmpfs", 0, nullptr), "mount", point);
    Process runner{{own_program(), "--verbose", "victim: waits for a file"},
                   {.environment = {"TMPDIR=" + place, "SLIPWAY_FILE=" + place + "/go"}}};
    runner.wait_for_output("seed");
    wait_until([&] { return file_exists(place + "/waits"); }, "the case waits");
    check(::umount2(point.c_str(), 0), "umount", point);
    check(::rmdir(point.c_str()), "rmdir", point);
    write_file(place + "/go", "");
    CHECK(runner.wait() == 0);
    INFO(runner.out());
    CHECK(contains(runner.out(), "1 passed"));
    for (const char* name : {"/go", "/waits"}) ::unlink((place + name).c_str());
}

TEST_CASE("a case does not learn that the caller wants Python to flush", "[runner]") {
    const Result result = run({own_program(), "victim: tells whether Python would flush"},
                              {.environment = {"PYTHONUNBUFFERED=1"}});
    INFO(result);
    CHECK(result.exit_code == 0);
}

TEST_CASE("a mount left on the host by a serial case fails it and is removed", "[runner][root]") {
    const std::string place = temporary_directory();
    const Result result = run_runner({"victim: leaves a mount on the host"}, place);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "mount left behind: " + place + "/slipway-test-"));
    CHECK(is_empty_directory(place));
    CHECK(!contains(read_file("/proc/self/mountinfo"), place));
}

TEST_CASE("a cgroup left behind, with a frozen process, fails the case and is removed",
          "[runner][root][v1][hybrid]") {
    if (!file_exists("/sys/fs/cgroup/freezer")) skip("no freezer hierarchy in /sys/fs/cgroup");
    const Result result = run_victim("leaves a cgroup with a frozen process in it");
    INFO(result);
    CHECK(result.exit_code == 1);
    const std::string sentence = "cgroup left behind: ";
    REQUIRE(contains(result.out, sentence));
    const std::size_t start = result.out.find(sentence) + sentence.size();
    const std::string group = result.out.substr(start, result.out.find('\n', start) - start);
    CHECK(contains(group, "/slipway-test-"));
    CHECK(!file_exists(group));
    CHECK(!file_exists(group.substr(0, group.rfind('/'))));
}

TEST_CASE("a file left in TMPDIR or HOME fails the case, one in a directory handed out does not",
          "[runner]") {
    const std::string place = temporary_directory();
    const Result result = run_runner({"victim: leaves a file"}, place);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "file left behind in $TMPDIR or $HOME: forgotten"));
    CHECK(contains(result.out, "hint: all else was right, but not all that was made in $TMPDIR"));
    CHECK(contains(result.out, "file left behind in $TMPDIR or $HOME: .history"));
    CHECK(!contains(result.out, "handed-out"));
    CHECK(!contains(result.out, "may-stay"));
    CHECK(is_empty_directory(place));
}

TEST_CASE("a descriptor left open fails the case and is named", "[runner]") {
    const Result result = run_victim("leaves a descriptor");
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out, "descriptor left behind: "));
    CHECK(contains(result.out, " /dev/null"));
}

TEST_CASE("an expression that matches nothing is an error", "[runner]") {
    const Result result = run_runner({"[no-such-tag]"}, temporary_directory());
    INFO(result);
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "no case matches '[no-such-tag]'"));
}

TEST_CASE("an unknown option is an error of usage", "[runner]") {
    CHECK(run_runner({"--no-such-option"}, temporary_directory()).exit_code == 2);
}

TEST_CASE("hidden cases run only when they are asked for", "[runner]") {
    const Result result = run_runner({"--list"}, temporary_directory());
    CHECK(result.exit_code == 0);
    CHECK(!contains(result.out, "victim: "));
    CHECK(contains(result.out, "hidden cases run only when they are asked for"));
}

TEST_CASE("several results are counted each in its place", "[runner]") {
    const Result result =
        run_runner({"victim: passes,victim: fails a check,victim: skips"}, temporary_directory());
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(last_line(result.out) == "1 passed, 1 failed, 1 skipped\n");
}

TEST_CASE("the seed that is printed repeats the random names", "[runner]") {
    const auto names = [](const Result& result) {
        const std::size_t start = result.out.find("    name ");
        return result.out.substr(start, result.out.find('\n', start) - start);
    };
    const Result first = run_victim("names itself");
    INFO(first);
    const std::string seed = first.out.substr(5, first.out.find('\n') - 5);
    CHECK(names(first).size() == std::string{"    name t123456789 t123456789"}.size());
    CHECK(names(run_victim("names itself", {"--seed", seed})) == names(first));
    CHECK(names(run_victim("names itself", {"--seed", "1"})) != names(first));
}

TEST_CASE("cases for another user are not selected, and it says where they run", "[runner]") {
    const Result result = run_runner({"[victim-needs]"}, temporary_directory());
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(contains(result.out, is_root() ? "elsewhere:\n    1 case needs an ordinary user: "
                                         : "elsewhere:\n    1 case needs root: sudo make test\n"));
    CHECK(last_line(result.out) == "1 passed, 0 failed, 0 skipped\n");
}

TEST_CASE("a case that names cgroup layouts runs on these alone", "[runner]") {
    const std::vector<Case> cases{{"a", "[v1][hybrid]"}, {"b", "[v2]"}, {"c", "[root][v2]"}};
    const Selection hybrid = select_for({true, "hybrid"}, cases);
    REQUIRE(hybrid.here.size() == 1);
    CHECK(hybrid.here[0].name == "a");
    REQUIRE(hybrid.elsewhere.size() == 1);
    CHECK(contains(hybrid.elsewhere[0], "2 cases need cgroup v2"));
    CHECK(select_for({true, "v2"}, cases).here.size() == 2);
    CHECK(select_for({false, "v2"}, cases).here.size() == 1);
}

TEST_CASE("Ctrl-C and the death of the runner end the cases and leave nothing", "[runner]") {
    for (const int signal : {SIGINT, SIGKILL}) {
        const std::string place = temporary_directory();
        Process runner{{own_program(), "victim: hangs"}, {.environment = {"TMPDIR=" + place}}};
        runner.wait_for_output("seed");
        wait_until([&] { return !is_empty_directory(place); }, "the case has started");
        runner.signal(signal);
        CHECK(runner.wait() == (signal == SIGINT ? 130 : 137));
        wait_until([&] { return is_empty_directory(place); }, "its files are gone");
    }
}

TEST_CASE("whatever is left behind there is a hint what to do about it", "[runner]") {
    for (const std::string what :
         {"process", "cgroup", "mount", "network interface", "file left behind in"}) {
        const std::string end = contains(what, "left") ? " $TMPDIR: x" : " left behind: x";
        CHECK(hint_about_leak(what + end).starts_with("all else was right, but "));
    }
    CHECK(hint_about_leak("mount of the host is gone: /x").empty());
}
