#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "tests/classroom/tool/proofs.hpp"

static constexpr char kHolds = 'P', kFails = 'F', kSkipped = 'S';

// A claim that a process of its own looks into. What it says is one of the letters, then why.
struct Trial {
    const Claim* claim;
    Child child;
    Fd report;
    std::string said;
};

static std::string say(const Proof& proof) {
    std::string text;
    for (const auto& fault : proof.faults) text += fault + (fault.ends_with('\n') ? "" : "\n");
    if (proof.is_skipped) return kSkipped + text;
    return (proof.faults.empty() ? kHolds : kFails) + text;
}

[[noreturn]] static void become_trial(const Claim& claim, int report) noexcept {
    try {
        std::string said;
        try {
            said = say(claim.prove());
        } catch (const NoTool& error) {
            said = say({.is_skipped = true, .faults = {error.what()}});
        } catch (const std::exception& error) {
            said = say({.faults = {error.what()}});
        }
        write_all(report, said, "report");
    } catch (...) {
        ::_exit(1);
    }
    ::_exit(0);
}

static Trial start(const Claim& claim) {
    Pipe report = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) become_trial(claim, report.write_end.get());
    return {&claim, Child{pid}, std::move(report.read_end), {}};
}

// False when it has said all.
static bool receive(Trial& trial) {
    char piece[65536];
    const auto count =
        check(retry([&] { return ::read(trial.report.get(), piece, sizeof piece); }), "read");
    trial.said.append(piece, static_cast<std::size_t>(count));
    return count > 0;
}

struct Sum {
    int passed = 0, failed = 0, skipped = 0;
};

static std::string indented(const std::string& text) {
    std::string result;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        result += "    " + printable(std::string_view{text}.substr(start, end - start)) + "\n";
        start = end + 1;
    }
    return result;
}

static void finish(Trial& trial, Sum& sum) {
    trial.child.wait();
    const char verdict = trial.said.empty() ? kFails : trial.said[0];
    const std::string why = trial.said.empty() ? "it was killed\n" : trial.said.substr(1);
    if (verdict == kHolds) {
        ++sum.passed;
        print("holds: " + trial.claim->sentence + "\n");
    } else if (verdict == kSkipped) {
        ++sum.skipped;
        print("skipped: " + trial.claim->sentence + ": " + why);
    } else {
        ++sum.failed;
        print("FAILS: " + trial.claim->sentence + "\n" + indented(why));
    }
}

int prove(const std::vector<Claim>& claims, int jobs) {
    std::vector<Trial> trials;
    Sum sum;
    auto next = claims.begin();
    while (next != claims.end() || !trials.empty()) {
        while (next != claims.end() && std::ssize(trials) < jobs) trials.push_back(start(*next++));
        std::vector<pollfd> ready;
        for (const Trial& trial : trials) ready.push_back({trial.report.get(), POLLIN, 0});
        check(retry([&] { return ::poll(ready.data(), ready.size(), -1); }), "poll");
        for (std::size_t i = trials.size(); i-- > 0;) {
            if (ready[i].revents == 0 || receive(trials[i])) continue;
            finish(trials[i], sum);
            trials.erase(trials.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    print(std::to_string(sum.passed) + " passed, " + std::to_string(sum.failed) + " failed, " +
          std::to_string(sum.skipped) + " skipped\n");
    return sum.failed == 0 ? 0 : 1;
}
