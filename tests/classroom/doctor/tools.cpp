#include "common/file.hpp"
#include "tests/classroom/doctor/findings.hpp"
#include "tests/classroom/tool/children.hpp"

// The first line of what a program says about its version; empty when it is not on the PATH.
static std::string version_of(const std::vector<std::string>& command) {
    const Ended ended = run_to_end(command, "/");
    if (ended.exit_code == 127) return {};
    const std::string line = ended.output.substr(0, ended.output.find('\n'));
    return line.empty() ? "found" : line;
}

static Row tool(const std::string& what, const std::vector<std::string>& command,
                const std::string& way_out, Finding without = Finding::absent) {
    const std::string version = version_of(command);
    if (version.empty()) return {what, without, way_out};
    return {what, Finding::here, version};
}

static Row catch2() {
#if __has_include(<catch2/catch_all.hpp>)
    return {"Catch2", Finding::here, "version 3"};
#elif __has_include(<catch2/catch.hpp>)
    return {"Catch2", Finding::here, "version 2"};
#else
    return {"Catch2", Finding::absent, "make test and make check need it: apt-get install catch2"};
#endif
}

Rows rows_of_tools() {
    return {
        tool("g++", {"g++", "--version"}, "apt-get install g++; or make CXX=clang++",
             version_of({"clang++", "--version"}).empty() ? Finding::obstacle : Finding::absent),
        tool("clang++", {"clang++", "--version"}, "a second opinion: apt-get install clang"),
        catch2(),
        tool("patch", {"patch", "--version"}, "for make check-tests: apt-get install patch"),
        tool("pandoc", {"pandoc", "--version"},
             "the book as web pages (make book): apt-get install pandoc"),
        tool("docker", {"docker", "--version"},
             "the real client for stage 6: apt-get install docker.io"),
    };
}
