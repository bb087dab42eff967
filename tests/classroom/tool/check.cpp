#include "tests/classroom/tool/check.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"

static std::string absolute(const std::string& path, const std::vector<std::string>& directories) {
    if (path.starts_with("~/")) {
        const char* home = std::getenv("HOME");
        return (home == nullptr ? "" : home) + path.substr(1);
    }
    if (path.starts_with('/')) return path;
    std::string whole;
    for (const auto& directory : directories) {
        whole = std::filesystem::path{directory + "/" + path}.lexically_normal();
        if (file_exists(whole)) break;
    }
    return whole;
}

// The file's first line, of which we need no more than the kernel reads (execve(2)).
static std::string first_line(const std::string& path) {
    const std::string beginning = read_file(path, 1u << 30).substr(0, 256);
    return beginning.substr(0, beginning.find('\n'));
}

static void check_interpreter(const std::string& path, const std::string& line) {
    const auto fault = [&](const std::string& what) { return Failure{path + ": " + what}; };
    if (line.starts_with("\x7f"
                         "ELF")) {
        return;
    }
    if (!line.starts_with("#!")) {
        throw fault(
            "neither a compiled program nor a script with a first line such as "
            "#!/usr/bin/env python3");
    }
    if (line.ends_with('\r')) throw fault("its lines end in CR LF; the kernel wants LF alone");
    const auto start = line.find_first_not_of(" \t", 2);
    if (start == std::string::npos) throw fault("its first line names no interpreter");
    const auto end = line.find_first_of(" \t", start);
    const std::string interpreter = line.substr(start, end - start);
    if (!file_exists(interpreter)) {
        throw fault("its first line names " + printable(interpreter) + ", which is not there");
    }
}

std::string find_program(const std::string& path, const std::vector<std::string>& directories) {
    if (path.empty()) throw Failure{"PROGRAM=path is missing: the program that is to be checked"};
    const std::string whole = absolute(path, directories);
    struct stat status {};
    if (::stat(whole.c_str(), &status) == -1) {
        throw Failure{"there is no program " + whole + ": " + error_text(errno)};
    }
    if (S_ISDIR(status.st_mode)) throw Failure{whole + " is a directory: name the program in it"};
    if (::access(whole.c_str(), X_OK) == -1) {
        throw Failure{whole + " is not executable: chmod +x " + whole};
    }
    check_interpreter(whole, first_line(whole));
    return whole;
}

static std::string again(const CheckRequest& request) {
    std::string text = "make check STAGE=" + std::to_string(request.stage);
    if (!request.exercise.empty()) text = "make exercise EX=" + request.exercise;
    if (!request.bug.empty()) text = "make bug N=" + request.bug;
    if (!request.program.empty()) text += " PROGRAM=" + request.program;
    for (const auto& part : request.parts) text += " " + part;
    if (request.only_this_stage) text += " ONLY=1";
    return text + " SEED=" + std::to_string(request.seed);
}

// Stages 3, 4 and 5 have the verb `run` in common: what the earlier ones promise holds for the
// later ones.
static int first_stage(const CheckRequest& request) {
    const bool is_cumulative = request.stage > 3 && request.stage < 6 && !request.only_this_stage;
    return is_cumulative ? 3 : request.stage;
}

static std::string expression(const CheckRequest& request) {
    if (!request.only_case.empty()) return request.only_case;
    if (!request.exercise.empty()) return "[ex-" + request.exercise + "]";
    if (!request.bug.empty()) return "[bug-" + request.bug + "]";
    std::string text;
    for (int stage = first_stage(request); stage <= request.stage; ++stage) {
        text += (text.empty() ? "" : ",") + ("[contract][stage" + std::to_string(stage) + "]");
        if (request.without_slow) text += "~[slow]";
    }
    return text;
}

CheckCommand check_command(const CheckRequest& request, const std::string& program,
                           const std::string& tests) {
    CheckCommand command;
    command.words = {tests,          "--seed", std::to_string(request.seed), "--again",
                     again(request), "--",     expression(request)};
    if (request.first_decide) command.words.insert(command.words.begin() + 1, "--first-decide");
    const int last = std::max(request.stage, request.program_stage);
    command.variables = {std::string{kCheckVariable} + "=" + std::to_string(last)};
    for (int stage = first_stage({.stage = last}); stage <= last; ++stage) {
        if (program.empty()) break;
        command.variables.push_back("STAGE" + std::to_string(stage) + "=" + program);
    }
    for (const auto& part : request.parts) command.variables.push_back(part);
    return command;
}
