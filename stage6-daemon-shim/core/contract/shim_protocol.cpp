#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"

#include <limits.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "common/error.hpp"

static constexpr std::string_view kFailureNames[] = {"none", "invalid", "not-executable",
                                                     "not-found", "engine"};
static constexpr std::string_view kStarted = "started ";
static constexpr std::string_view kFailed = "failed ";

std::string outcome_text(const ShimOutcome& outcome) {
    if (outcome.failure == StartFailure::none) {
        return std::string{kStarted} + std::to_string(outcome.pid) + "\n";
    }
    std::string text{kFailed};
    text.append(kFailureNames[static_cast<std::size_t>(outcome.failure)]).append(" ");
    text.append(outcome.error.substr(0, PIPE_BUF - text.size() - 1));
    return text + "\n";
}

ShimOutcome parse_outcome(std::string_view text) {
    ShimOutcome died{0, StartFailure::engine, "the shim died while it started the container"};
    if (!text.ends_with('\n')) return died;
    text.remove_suffix(1);
    if (text.starts_with(kStarted)) {
        ShimOutcome outcome;
        text.remove_prefix(kStarted.size());
        std::from_chars(text.data(), text.data() + text.size(), outcome.pid);
        return outcome.pid > 0 ? outcome : died;
    }
    if (!text.starts_with(kFailed)) return died;
    text.remove_prefix(kFailed.size());
    const auto blank = std::min(text.find(' '), text.size());
    const auto* const name = std::ranges::find(kFailureNames, text.substr(0, blank));
    if (name == std::end(kFailureNames) || name == kFailureNames) return died;
    const auto failure = static_cast<StartFailure>(name - kFailureNames);
    return {0, failure, std::string{text.substr(std::min(blank + 1, text.size()))}};
}

int exit_code_of(StartFailure failure) {
    switch (failure) {
        case StartFailure::none: return 0;
        case StartFailure::not_executable: return 126;
        case StartFailure::not_found: return 127;
        case StartFailure::invalid:
        case StartFailure::engine: return 128;
    }
    std::abort();
}

void check_answer(const ShimMessage& answer) {
    constexpr std::string_view error = "error ";
    if (answer.text == "ok") return;
    if (answer.text.starts_with(error)) throw Failure{answer.text.substr(error.size())};
    throw Failure{"the shim's answer is not understood: " + printable(answer.text)};
}
