// What a command returns, and why it did not start, through every stage.
#include <sys/stat.h>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

// The start of an ELF file for a machine that no kernel of ours runs on (EM_S390, 64 bit, big
// endian), long enough to be looked at.
static std::string foreign_program() {
    std::string image{
        "\x7f"
        "ELF\x02\x02\x01",
        7};
    image.resize(16);
    image += std::string{"\x00\x02\x00\x16\x00\x00\x00\x01", 8};
    image.resize(4096);
    return image;
}

TEST_CASE("every exit code comes through stage 3 as it is", "[stage3]") {
    const StageContainer container{3};
    for (int code = 0; code <= 255; ++code) {
        const Result result =
            run(container.probing({"exit", std::to_string(code)}, {"--only", "uts"}));
        INFO(result);
        REQUIRE(result.exit_code == code);
        REQUIRE(result.out.empty());
        REQUIRE(result.err.empty());
    }
}

TEST_CASE("exit codes that we use ourselves are passed on in silence", "[stage3][contract]") {
    hint("the exit code is WEXITSTATUS, and without --quiet nothing is said");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        for (const unsigned code : {0u, 7u, 125u, 126u, 127u, 137u, random_number(255)}) {
            const Result result = run(container.probing({"exit", std::to_string(code)}));
            INFO(result);
            CHECK(result.exit_code == static_cast<int>(code));
            CHECK(result.err.empty());
        }
    }
}

TEST_CASE("both streams of the command come through, and nothing with them", "[stage3][contract]") {
    hint("nothing of ours belongs on stdout");
    for (const int stage : container_stages()) {
        const std::string out = random_name();
        const std::string error = random_name();
        const Result result = run(StageContainer{stage}.probing({"streams", out, error}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out == out + "\n");
        CHECK(result.err == error + "\n");
    }
}

TEST_CASE("a megabyte of any bytes goes in and comes out as it was", "[stage3][contract]") {
    hint("the command inherits the streams themselves: copy nothing");
    std::string bytes;
    for (unsigned i = 0; i < 1u << 20; ++i) bytes += static_cast<char>(i * 167 + (i >> 9));
    for (const int stage : container_stages()) {
        const Result result = run(StageContainer{stage}.probing({"read"}), {.input = bytes});
        CHECK(result.exit_code == 0);
        CHECK((result.out == bytes));  // in parentheses: nobody wants to see it
    }
}

TEST_CASE("arguments arrive word for word", "[stage3][contract]") {
    hint("what stands behind -- is the command's, and no shell is in between");
    for (const int stage : container_stages()) {
        const Result result = run(StageContainer{stage}.probing(
            {"args", "-la", "--quiet", "--", "a b", "", "$HOME", "*"}));
        INFO(result);
        CHECK(result.out == "-la\n--quiet\n--\na b\n\n$HOME\n*\n");
    }
}

TEST_CASE("a command that is not there ends with 127 and one line", "[stage3][contract]") {
    hint("the child tells its parent why exec failed: a close-on-exec pipe");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const std::string name = random_name();
        for (const auto& command : {name, "./" + name, "/no/such/" + name}) {
            const Result result = run(container.command({command}));
            INFO(result);
            CHECK(result.exit_code == 127);
            CHECK(fault_of_line(result.err, {command, "No such file or directory"}) == "");
            if (checked_stage() > 0) continue;
            CHECK(fault_of_message(result.err, container.name(), {"exec " + command}) == "");
        }
    }
}

TEST_CASE("a message is one line, whatever the command is called", "[stage3][contract]") {
    hint("control characters belong in no message: write them as \\x0a");
    const StageContainer container{3};
    for (const std::string name : {"./no\nsuch", "no\nsuch", "/no\x1b[2J/such"}) {
        const Result result = run(container.command({name}));
        INFO(result);
        CHECK(result.exit_code == 127);
        CHECK(fault_of_line(result.err, {"no", "such"}) == "");
        CHECK(result.err.find('\x1b') == std::string::npos);
    }
}

TEST_CASE("a command is looked for along the PATH, as a shell does", "[stage3][contract]") {
    hint(
        "a directory that is not there has nothing; a file that may not be executed is 126, "
        "unless a later directory has one that may");
    const StageContainer container{3};
    if (container.has_root()) return;  // the later stages give a command a PATH of its own
    const std::string name = random_name();
    for (const std::string directory : {"good", "plain", "empty"}) {
        check(::mkdir(container.outside(directory).c_str(), 0755), "mkdir", directory);
    }
    make_file(container.outside("good/" + name), "#!" + container.probe_inside() + " args\n", 0755);
    make_file(container.outside("plain/" + name), "#!/bin/sh\n", 0644);
    make_file(container.outside("file"), "", 0644);
    const auto code_with_path = [&](const Words& directories) {
        std::string path = "PATH=/no/such";
        for (const auto& directory : directories) path += ":" + container.inside(directory);
        Words command{"env", path};
        for (const auto& word : container.command({name})) command.push_back(word);
        const Result result = run(command);
        UNSCOPED_INFO(result);
        return result.exit_code;
    };
    CHECK(code_with_path({"empty", "file"}) == 127);
    CHECK(code_with_path({"plain", "empty"}) == 126);
    CHECK(code_with_path({"file", "plain", "good"}) == 0);
}

TEST_CASE("a directory of the PATH that one may not enter has nothing",
          "[stage3][contract][root]") {
    hint("execve(2) says EACCES there too: is the file known to be there? Else the code is 127");
    need_user_namespaces();
    const StageContainer container{3};
    if (container.has_root()) return;
    check(::mkdir(container.outside("closed").c_str(), 0700), "mkdir", "closed");
    Words command = as_ordinary_user(container.command({random_name()}));
    command.insert(command.begin(),
                   {"env", "PATH=" + container.inside("closed") + ":/usr/bin:/bin"});
    const Result result = run(command);
    INFO(result);
    CHECK(result.exit_code == 127);
}

TEST_CASE("a command has the environment of the caller", "[stage3][contract]") {
    hint("hand the caller's environment to execve(2), and add nothing");
    const StageContainer container{3};
    if (container.has_root()) return;  // the later stages give a command an environment of its own
    const RunOptions options{.environment = {"WORD=" + random_name(), "EMPTY="}};
    const Result inside = run(container.probing({"env"}), options);
    INFO(inside);
    CHECK(inside.out == run({probe(), "env"}, options).out);
}

TEST_CASE("a script whose interpreter is missing ends with 127, and the line says so",
          "[stage3][contract]") {
    hint("execve(2) says ENOENT here too");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        make_file(container.outside("script"), "#!/no/such/interpreter\n", 0755);
        const Result result = run(container.command({container.inside("script")}));
        INFO(result);
        CHECK(result.exit_code == 127);
        CHECK(fault_of_line(result.err, {"script"}) == "");
        if (checked_stage() > 0) continue;
        CHECK(fault_of_message(result.err, container.name(), {"interpreter", "script"}) == "");
    }
}

TEST_CASE("what is there and cannot be executed ends with 126 and one line", "[stage3][contract]") {
    hint("execvp(3) hands a text to a shell; execve(2) does not");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        make_file(container.outside("plain"), "#!/bin/sh\n", 0644);
        make_file(container.outside("empty"), "", 0755);
        make_file(container.outside("text"), "echo hello\n", 0755);
        make_file(container.outside("foreign"), foreign_program(), 0755);
        ::mkdir(container.outside("directory").c_str(), 0755);
        const std::pair<const char*, const char*> cases[] = {{"plain", "Permission denied"},
                                                             {"directory", "Permission denied"},
                                                             {"empty", "Exec format error"},
                                                             {"text", "Exec format error"},
                                                             {"foreign", "Exec format error"}};
        for (const auto& [name, reason] : cases) {
            const Result result = run(container.command({container.inside(name)}));
            INFO(result);
            CHECK(result.exit_code == 126);
            CHECK(fault_of_line(result.err, {name}) == "");
            if (checked_stage() > 0) continue;
            CHECK(fault_of_message(result.err, container.name(), {name, reason}) == "");
        }
    }
}

TEST_CASE("a script runs by its interpreter", "[stage3][contract]") {
    hint("execve(2) reads the first line: give it the path as it came");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        make_file(container.outside("script"), "#!" + container.probe_inside() + " args\n", 0755);
        const Result result = run(container.command({container.inside("script"), "word"}));
        INFO(result);
        CHECK(result.out == container.inside("script") + "\nword\n");
    }
}

TEST_CASE("a command killed from outside ends with 137", "[stage3][contract]") {
    hint("128 + WTERMSIG where WIFSIGNALED");
    for (const int stage : container_stages()) {
        Process runner{StageContainer{stage}.probing({"sleep"})};
        runner.wait_for_output("ready");
        ::kill(first_process_of(runner.pid()), SIGKILL);
        CHECK(runner.wait() == 137);
        CHECK(runner.err().empty());
    }
}

TEST_CASE("a command that stops itself has not ended", "[stage3][contract]") {
    hint("waitpid without WUNTRACED");
    const StageContainer container{3};
    Process runner{container.probing({"sleep"})};
    runner.wait_for_output("ready");
    const pid_t first = first_process_of(runner.pid());
    ::kill(first, SIGSTOP);
    wait_until(
        [&] {
            return read_file("/proc/" + std::to_string(first) + "/stat").find(") T") !=
                   std::string::npos;
        },
        "it has stopped");
    CHECK(is_alive(runner.pid()));
    ::kill(first, SIGKILL);
    CHECK(runner.wait() == 137);
}

TEST_CASE("the first process cannot be killed from inside", "[stage3][contract]") {
    hint("process 1 of the PID namespace must be the command itself");
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const Result itself = run(container.probing({"kill", "1", "9"}));
        INFO(itself);
        CHECK(itself.exit_code == 0);
        const Result nobody = run(container.probing({"kill", "2", "9"}));
        INFO(nobody);
        CHECK(nobody.exit_code == 1);
    }
}

TEST_CASE("a child of the first process can be killed from inside", "[stage3]") {
    const StageContainer container{3};
    CHECK(run(container.command({"sh", "-c", "sh -c 'kill -9 $$'; exit $?"})).exit_code == 137);
}
