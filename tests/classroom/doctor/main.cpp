// doctor: what this machine can and cannot run, before anything else is tried.
#include <signal.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "tests/classroom/doctor/findings.hpp"

static constexpr Program kProgram{
    "doctor", "",
    "Says what this machine can and cannot run, and where something is absent the way out.\n"
    "Exit codes: 0 make run will work, 1 something stands in its way, 2 usage."};

static std::string word_for(Finding finding) {
    switch (finding) {
        case Finding::here: return "yes  ";
        case Finding::absent: return "no   ";
        case Finding::obstacle: return "NO   ";
    }
    return {};
}

static void show(const std::string& heading, const Rows& rows) {
    static constexpr std::size_t kWidth = 18;
    std::string text = heading + "\n";
    for (const Row& row : rows) {
        std::string what = row.what;
        what.resize(std::max(kWidth, what.size() + 1), ' ');
        text += "  " + what + word_for(row.finding) + printable(row.text) + "\n";
    }
    print(text);
}

int main(int argc, char** argv) try {
    ensure_standard_streams();
    ::signal(SIGCHLD, SIG_DFL);
    const auto words = parse_options(kProgram, {}, arguments_of(argc, argv));
    if (!words.empty()) throw UsageError{"no argument is taken (try --help)"};
    Rows all;
    const auto examine = [&](const std::string& heading, const Rows& rows) {
        show(heading, rows);
        all.insert(all.end(), rows.begin(), rows.end());
    };
    examine("Tools", rows_of_tools());
    examine("Kernel", rows_of_kernel());
    examine("Limits", rows_of_cgroups());
    examine("Resources", rows_of_resources());
    const auto obstacles = std::ranges::count(all, Finding::obstacle, &Row::finding);
    if (obstacles == 0) {
        print("make run will work here.\n");
        return 0;
    }
    print("make run will not work here: see NO above.\n");
    return 1;
} catch (const UsageError& error) {
    return report_failure(kProgram.name, error, 2);
} catch (const std::exception& error) {
    return report_failure(kProgram.name, error, 1);
}
