// The articles' complete runtime: what it takes and what it tells.
#include <regex>

#include "common/file.hpp"
#include "tests/stage5/groups.hpp"

// Runs with these words behind `run --quiet`.
static Result run_words(const Words& words, const RunOptions& options = {}) {
    Words command{program(5), "run", "--quiet"};
    command.insert(command.end(), words.begin(), words.end());
    return run(command, options);
}

TEST_CASE("a run is narrated in the articles' words and order", "[stage5]") {
    const StageContainer container{5};
    const std::string root = container.outside("");
    Process runner{{program(5), "run", root, "/probe", "args", "a b"}};
    REQUIRE(runner.wait() == 0);
    CHECK(runner.out() == "a b\n");
    const std::string text = runner.err();
    const std::string id = text.substr(1, 12);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    const std::string tag = "[" + id + "] ";
    const std::string limits =
        "Created cgroup with limits:\n"
        "  Memory: 512MB\n"
        "  CPU: 1024/1024 shares\n" +
        tag + "Resource limits: 512MB RAM, 1024/1024 CPU\n";
    const std::string expected =
        tag + "Starting container...\n" +  //
        tag + "Command: /probe args a b\n" +
        (text.find("Warning: ") == std::string::npos ? limits : "") +
        "Parent: Running [/probe args a b] as PID " + std::to_string(runner.pid()) + "\n" +    //
        tag + "Filesystem isolated (root: " + root + ")\n" +                                   //
        tag + "Network namespace created\n" + "Child: Running [/probe args a b] as PID 1\n" +  //
        tag + "Container ready!\n" + std::string(60, '=') + "\n" +                             //
        tag + "Container stopped\n";
    const std::regex warning{"Warning: [^\n]*\nContinuing without resource limits...\n"};
    CHECK(std::regex_replace(text, warning, "") == expected);
}

TEST_CASE("the limits that were asked for are told", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    const Result result = run({program(5), "run", "-m", "64", "--cpu=512", "--pids", "20",
                               container.outside(""), "/probe", "pid"});
    INFO(result);
    CHECK(result.err.find("Created cgroup with limits:\n"
                          "  Memory: 64MB\n"
                          "  CPU: 512/1024 shares\n"
                          "  Processes: 20\n") != std::string::npos);
    CHECK(result.err.find("Resource limits: 64MB RAM, 512/1024 CPU\n") != std::string::npos);
}

TEST_CASE("IMAGE is host, a directory, or left out before two dashes", "[stage5][slow]") {
    const StageContainer container{5};
    const std::string root = container.outside("");
    CHECK(run_words({root, "/probe", "args", "-x"}).out == "-x\n");
    CHECK(run_words({root, "--", "/probe", "args", "-x"}).out == "-x\n");
    CHECK(run_words({".", "/probe", "args", "--"}, {.directory = root}).out == "--\n");
    const std::string release = "cat /etc/os-release";
    for (const Words& words : {Words{"host", "sh", "-c", release},
                               {"host", "--", "sh", "-c", release},
                               {"--", "sh", "-c", release}}) {
        const Result result = run_words(words, {.deadline = std::chrono::seconds{50}});
        INFO(result);
        CHECK(result.out.find("ID=slipway\n") != std::string::npos);
    }
    // Behind the dashes the first word is the command, whatever it is called.
    const Result result = run_words({"--", "host", "true"}, {.deadline = std::chrono::seconds{50}});
    INFO(result);
    CHECK(result.exit_code == 127);
}

TEST_CASE("a run without a command is refused", "[stage5][contract]") {
    for (const Words& words : {Words{}, {"host"}, {"host", "--"}, {"--"}, {"--memory", "64"}}) {
        const Result result = run_words(words);
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_line(result.err, {"no command"}) == "");
    }
}

TEST_CASE("an image that is none is refused before anything is done", "[stage5][contract]") {
    const Result result = run({program(5), "run", "/no/such/image", "true"});
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(fault_of_line(result.err, {"/no/such/image"}) == "");
}

TEST_CASE("IMAGE may be left out before two dashes, and is host then", "[stage5][contract]") {
    hint("run [OPTIONS] [IMAGE] -- COMMAND; without -- the first word is IMAGE");
    for (const Words& image : {Words{}, Words{"host"}}) {
        Words words = image;
        words.insert(words.end(), {"--", "sh", "-c", "echo $$; exit 3"});
        const Result result = run_words(words, {.deadline = std::chrono::seconds{50}});
        INFO(result);
        CHECK(result.out == "1\n");
        CHECK(result.exit_code == 3);
    }
    const std::string directory = temporary_directory();
    write_file(directory + "/file", "");
    for (const std::string word : {"sh", "file"}) {  // the image forgotten; no directory
        const Result result = run_words({word, "-c", "true"}, {.directory = directory});
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_line(result.err, {word}) == "");
    }
}

TEST_CASE("what is no limit is refused with a line that names it", "[stage5][contract]") {
    hint("parse the whole word, refuse what is left over, and less than 6 MiB");
    const StageContainer container{5};
    const std::pair<std::string, std::string> cases[] = {
        {"--memory", "lots"}, {"--memory", "5"}, {"--memory", "12x"}, {"--memory", "-1"},
        {"--cpu", "half"},    {"--cpu", "-1"},   {"--cpu", "5x"},     {"--pids", "many"},
        {"--pids", "-1"},     {"--pids", "5x"}};
    for (const auto& [option, value] : cases) {
        const Result result = run(container.probing({"pid"}, {option, value}));
        INFO(result);
        REQUIRE(result.exit_code == 125);
        CHECK(result.out == "");
        CHECK(fault_of_line(result.err, {option, value}) == "");
    }
}

TEST_CASE("options of the command are the command's", "[stage5][contract][first]") {
    hint("our options end at IMAGE: do not look for options in what follows");
    const StageContainer container{5};
    const std::string root = container.outside("");
    CHECK(run_words({root, "/probe", "args", "-la", "-c", "--memory"}).out ==
          "-la\n-c\n--memory\n");
    CHECK(run_words({root, "--", "/probe", "args", "--", "-x"}).out == "--\n-x\n");
}

TEST_CASE("an option of ours behind the command is the command's, and that is told", "[stage5]") {
    const StageContainer container{5};
    const std::string root = container.outside("");
    for (const std::string option : {"--memory", "--cpu"}) {
        const Result result = run({program(5), "run", root, "/probe", "args", option, "64"});
        INFO(result);
        CHECK(result.out == option + "\n64\n");
        CHECK(result.err.find("Note: " + option + " behind the command belongs to the command") !=
              std::string::npos);
        CHECK(run_words({root, "/probe", "args", option, "64"}).err.empty());
    }
    CHECK(run({program(5), "run", root, "/probe", "args", "-m"}).err.find("Note:") ==
          std::string::npos);
}

TEST_CASE("--network is none or host", "[stage5][contract]") {
    const StageContainer container{5};
    const std::string here = run({probe(), "interfaces"}).out;
    CHECK(run(container.probing({"interfaces"}, {"--network", "none"})).out == "lo up\n");
    CHECK(run(container.probing({"interfaces"}, {"--network", "host"})).out == here);
    const Result refused = run(container.probing({"pid"}, {"--network", "bridge"}));
    INFO(refused);
    CHECK(refused.exit_code == 125);
    CHECK(fault_of_line(refused.err, {"--network bridge"}) == "");
}

TEST_CASE("the host name of a container bears its ID", "[stage5][contract]") {
    const StageContainer container{5};
    const std::string first = run(container.probing({"hostname"})).out;
    const std::string second = run(container.probing({"hostname"})).out;
    CHECK(id_of(first) != id_of(second));
    CHECK(first.size() == std::string{"container-\n"}.size() + 12);
    const Result environment = run(container.probing({"env"}));
    CHECK(environment.out.find("\nHOSTNAME=container-") != std::string::npos);
}

TEST_CASE("--help names every option", "[stage5]") {
    const Result help = run({program(5), "--help"});
    for (const std::string option :
         {"-m, --memory MB", "--cpu N", "--pids N", "--cpu-weight N", "--cpuset-cpus LIST",
          "--stats", "--network none|host", "--chroot", "--read-only", "-v, --volume SRC:DST[:ro]",
          "-w, --workdir DIR", "-e, --env NAME=VALUE"}) {
        INFO(option);
        CHECK(help.out.find(option) != std::string::npos);
    }
}
