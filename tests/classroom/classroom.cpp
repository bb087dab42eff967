#include "tests/classroom/classroom.hpp"

#include <sys/stat.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/case.hpp"

Result classroom(const ClassroomCall& call) {
    std::vector<std::string> command{built("tests/classroom"), "--tests", own_program()};
    if (!call.tree.empty()) command.insert(command.end(), {"--tree", call.tree});
    command.push_back(call.verb);
    // What the make that runs the tests was told is not for them. And where others are at work too,
    // more time is given to what has an answer.
    std::vector<std::string> variables{
        "STAGE=",    "EX=",   "N=",    "PROGRAM=", "DIR=",
        "SKELETON=", "ONLY=", "SEED=", "CASE=",    std::string{kPatienceVariable} + "=20"};
    for (const auto& one : call.variables) variables.push_back(one);
    return run(command, {.environment = variables,
                         .directory = source_directory(),
                         .deadline = std::chrono::seconds{170}});
}

std::string script(const std::string& text, const std::string& name) {
    const std::string path = temporary_directory() + "/" + name;
    write_file(path, text);
    check(::chmod(path.c_str(), 0755), "chmod", path);
    return path;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}
