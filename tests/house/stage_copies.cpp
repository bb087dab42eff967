// For every N a copy of the project without the folders above N builds and passes the tests of
// stage N. One build directory serves all: what a copy with fewer stages built stays true in the
// next one, and five builds from nothing would cost minutes.
#include <cstdlib>
#include <filesystem>

#include "tests/support/source.hpp"
#include "tests/support/testing.hpp"

static std::vector<std::string> stage_folders() {
    std::vector<std::string> folders(6);
    for (const auto& entry : std::filesystem::directory_iterator{source_directory()}) {
        const std::string name = entry.path().filename();
        const int stage = stage_of(name + "/");
        if (stage > 0 && stage < 6) folders[static_cast<std::size_t>(stage)] = name;
    }
    return folders;
}

static void copy_all_but_stages(const std::string& target) {
    for (const auto& entry : std::filesystem::directory_iterator{source_directory()}) {
        const std::string name = entry.path().filename();
        if (name == "build" || name == ".git" || stage_of(name + "/") > 0) continue;
        std::filesystem::copy(entry, target + "/" + name, std::filesystem::copy_options::recursive);
    }
}

// The implementation of Catch2 2, which no stage has a part in, takes longer than all else
// together.
static void lend_catch2(const std::string& build) {
    const std::string object = "/obj/tests/support/catch_session.o";
    std::error_code not_there;
    std::filesystem::create_directories(build + "/obj/tests/support");
    std::filesystem::copy_file(built("") + object, build + object, not_there);
}

// The tests of a stage may use the helpers of earlier ones, so those are built too.
static Result make(const std::string& directory, int stage) {
    const char* compiler = std::getenv("CXX");
    std::string topics = "TEST_TOPICS=";
    for (int topic = 1; topic <= stage; ++topic) topics += "stage" + std::to_string(topic) + " ";
    const std::vector<std::string> command{
        "make",
        "-sj2",
        "--no-print-directory",
        "BUILD=" + directory + "/build",
        "OPTIMIZE=-O0 -g0",
        "TEST_OPTIMIZE=-O0 -g0",
        topics,
        "ONLY=[stage" + std::to_string(stage) + "]~[serial]~[slow]",
        std::string{"CXX="} + (compiler == nullptr ? "g++" : compiler),
        "test"};
    return run(command, {.environment = {"MAKEFLAGS=", "MAKELEVEL=", "MFLAGS=", "SLIPWAY_SOURCE="},
                         .directory = directory,
                         .deadline = std::chrono::seconds{900}});
}

TEST_CASE("without the stages above it each stage builds and passes its tests", "[house][slow]") {
    const std::string copy = temporary_directory();
    copy_all_but_stages(copy);
    lend_catch2(copy + "/build");
    const auto folders = stage_folders();
    for (int stage = 1; stage <= 5; ++stage) {
        const std::string& folder = folders[static_cast<std::size_t>(stage)];
        REQUIRE(!folder.empty());
        std::filesystem::copy(source_directory() + "/" + folder, copy + "/" + folder,
                              std::filesystem::copy_options::recursive);
        const Result result = make(copy, stage);
        INFO(result);
        CHECK(result.exit_code == 0);
    }
}
