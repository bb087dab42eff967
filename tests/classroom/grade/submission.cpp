#include "tests/classroom/grade/submission.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/check.hpp"

using Path = std::filesystem::path;

static bool is_program(const Path& path) {
    return std::filesystem::is_regular_file(path) && ::access(path.c_str(), X_OK) == 0;
}

// As root we grade as somebody who owns nothing: then the program has to be everybody's.
static std::string fault_of(const std::string& program) {
    try {
        find_program(program, {});
    } catch (const std::exception& error) {
        return error.what();
    }
    struct stat status {};
    const bool is_there = ::stat(program.c_str(), &status) == 0;
    const bool is_everybodys = (status.st_mode & (S_IROTH | S_IXOTH)) == (S_IROTH | S_IXOTH);
    if (::geteuid() == 0 && is_there && !is_everybodys) {
        return program + ": only its owner may run it: chmod a+rx";
    }
    return {};
}

// Below `directory`, as a relative path; empty when there is none, or more than one.
static std::string program_below(const Path& directory, int stage) {
    const std::string beginning = "stage" + std::to_string(stage);
    std::vector<std::string> named, others;
    for (const std::string place : {"", "build/"}) {
        std::error_code not_there;
        for (const auto& entry :
             std::filesystem::directory_iterator{directory / place, not_there}) {
            const std::string name = entry.path().filename();
            if (!is_program(entry.path())) continue;
            (name.starts_with(beginning) || name == "run" ? named : others).push_back(place + name);
        }
    }
    std::ranges::sort(named);
    if (!named.empty()) return named.back();
    return others.size() == 1 ? others[0] : "";
}

std::vector<Submission> submissions_in(const std::string& directory, int stage) {
    if (!std::filesystem::is_directory(directory)) {
        throw Failure{"there is no directory " + directory};
    }
    std::vector<Submission> all;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        Submission one{.name = entry.path().filename(), .place = entry.path()};
        if (one.name.starts_with('.')) continue;
        if (entry.is_directory()) {
            one.program = program_below(entry.path(), stage);
            one.fault = one.program.empty()
                            ? "no program: one is called stage" + std::to_string(stage) + " or run"
                            : fault_of(one.place + "/" + one.program);
        } else {
            one.fault = fault_of(one.place);
        }
        all.push_back(one);
    }
    std::ranges::sort(all, {}, &Submission::name);
    return all;
}

Submission submission_of(const std::string& program) {
    const Path path{program};
    return {.name = program,
            .place = path.parent_path(),
            .program = path.filename(),
            .fault = fault_of(program)};
}

int Grade::points() const {
    return static_cast<int>(std::ranges::count(marks, Verdict::passed, &Mark::verdict));
}
