#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/children.hpp"
#include "tests/classroom/tool/new_stage.hpp"
#include "tests/classroom/tool/progress.hpp"

using Path = std::filesystem::path;

static void build_in(const Path& directory) {
    if (!file_exists(directory / "Makefile")) return;
    const auto processors = std::to_string(std::max(1l, ::sysconf(_SC_NPROCESSORS_ONLN)));
    const Ended built = run_to_end({"make", "-s", "-Otarget", "-j" + processors}, directory,
                                   {"MAKEFLAGS=", "MAKELEVEL=", "MFLAGS="});
    if (built.exit_code == 0) return;
    throw Failure{directory.string() + " does not build:\n" + built.output};
}

static bool is_program(const Path& path) {
    return std::filesystem::is_regular_file(path) && ::access(path.c_str(), X_OK) == 0;
}

// 3 for "stage3", "stage3.py", "stage3-namespaces"; 0 for other names.
static int stage_named(const std::string& name) {
    const bool fits = name.starts_with("stage") && name.size() > 5 && name[5] >= '1' &&
                      name[5] <= '5' && (name.size() == 6 || name[6] == '.' || name[6] == '-');
    return fits ? name[5] - '0' : 0;
}

static void find_in(const Path& directory, std::map<int, std::string>& found) {
    for (const auto& place : {directory, directory / "build"}) {
        std::error_code not_there;
        for (const auto& entry : std::filesystem::directory_iterator{place, not_there}) {
            const int stage = stage_named(entry.path().filename());
            if (stage > 0 && is_program(entry.path())) found.try_emplace(stage, entry.path());
        }
    }
    if (!file_exists(directory / "CONTRACT.md") || !is_program(directory / "run")) return;
    const std::string contract = read_file(directory / "CONTRACT.md");
    for (int stage = 1; stage <= 5; ++stage) {
        if (contract.starts_with(contract_heading(stage))) {
            found.try_emplace(stage, directory / "run");
        }
    }
}

std::vector<ReaderProgram> programs_in(const std::string& directory) {
    if (!std::filesystem::is_directory(directory)) {
        throw Failure{"there is no directory " + directory};
    }
    std::vector<Path> places{directory};
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        const bool is_source =
            stage_named(entry.path().filename()) > 0 && file_exists(Path{directory} / "Makefile");
        if (entry.is_directory() && !is_source) places.push_back(entry.path());
    }
    std::ranges::sort(places);
    std::map<int, std::string> found;
    for (const auto& place : places) {
        build_in(place);
        find_in(place, found);
    }
    if (found.empty()) {
        throw Failure{"no program in " + directory +
                      ": it is called stage3, stage3.py or build/stage3-namespaces"};
    }
    std::vector<ReaderProgram> programs;
    for (const auto& [stage, path] : found) programs.push_back({stage, path});
    return programs;
}
