// Where things are, and what the runner tells a case through its environment.
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <random>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/case.hpp"
#include "tests/support/testing.hpp"

static std::string variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

static std::string parent_directory(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

std::string own_program() {
    std::array<char, 4096> path;
    const auto length =
        check(::readlink("/proc/self/exe", path.data(), path.size()), "readlink", "/proc/self/exe");
    return {path.data(), static_cast<std::size_t>(length)};
}

static std::string build_directory() {
    const std::string directory = variable("BUILD");
    // We are build/tests/slipway-tests.
    return directory.empty() ? parent_directory(parent_directory(own_program())) : directory;
}

std::string program(int stage) {
    static constexpr std::array names{"tcp-manager", "cli-client", "namespaces", "chroot",
                                      "cgroups"};
    const std::string number = std::to_string(stage);
    const std::string chosen = variable("STAGE" + number);
    if (!chosen.empty()) return chosen;
    return build_directory() + "/stage" + number + "-" +
           names.at(static_cast<std::size_t>(stage - 1));
}

std::string built(const std::string& name) {
    std::string variable_name;
    for (const char letter : name) {
        variable_name += letter == '-' ? '_' : static_cast<char>(::toupper(letter));
    }
    const std::string chosen = variable(variable_name);
    return chosen.empty() ? build_directory() + "/" + name : chosen;
}

std::string probe() {
    const std::string chosen = variable("PROBE");
    return chosen.empty() ? build_directory() + "/tests/probe" : chosen;
}

std::string source_directory() {
    const std::string chosen = variable("SLIPWAY_SOURCE");
    return chosen.empty() ? "." : chosen;
}

std::string temporary_directory() {
    const std::string place = variable("TMPDIR");
    std::string path = (place.empty() ? "/tmp" : place) + "/" + kHandedOut + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw SystemError{errno, "mkdtemp", path};
    check(::chmod(path.c_str(), 0755), "chmod", path);  // a container's user may have to enter
    return path;
}

void wait_until(const std::function<bool()>& condition, std::string_view what) {
    using std::chrono::steady_clock;
    const auto deadline = patient(std::chrono::seconds{checked_stage() > 0 ? 10 : 30});
    const auto end = steady_clock::now() + deadline;
    while (!condition()) {
        if (steady_clock::now() > end) {
            throw Failure{"not so after " + std::to_string(deadline.count() / 1000) +
                          " s: " + std::string{what}};
        }
        ::poll(nullptr, 0, 5);
    }
}

int checked_stage() {
    return std::atoi(variable(kCheckVariable).c_str());
}

std::chrono::milliseconds usual_deadline() {
    return std::chrono::seconds{checked_stage() > 0 ? 5 : 30};
}

std::chrono::milliseconds patient(std::chrono::milliseconds deadline) {
    return deadline * std::max(1, std::atoi(variable(kPatienceVariable).c_str()));
}

bool is_root() {
    return ::geteuid() == 0;
}

std::string random_name() {
    static std::mt19937_64 generator{[] {
        const std::string text = variable(kSeedVariable) + " " + variable(kNameVariable);
        std::seed_seq seed(text.begin(), text.end());
        return std::mt19937_64{seed};
    }()};
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::string name = "t";
    for (int i = 0; i < 9; ++i) name += letters[generator() % letters.size()];
    return name;
}

static void report(const std::string& text) {
    const std::string number = variable(kReportVariable);
    write_all(number.empty() ? STDERR_FILENO : std::atoi(number.c_str()), text, "report");
}

static bool hints_are_over = false;

void end_hints() {
    hints_are_over = true;
}

void hint(const std::string& text) {
    static std::string last;
    if (hints_are_over || text == last) return;
    last = text;
    report("hint: " + text + "\n");
}

void skip(const std::string& reason) {
    report(reason);
    ::_exit(kSkippedExitCode);
}
