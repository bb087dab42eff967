#include "stage6-daemon-shim/core/runtime/explaining.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include <charconv>

static constexpr std::string_view kSteps = "steps ";

// A whole number from the beginning of `text`, which it is taken from; -1 where there is none.
static int take_number(std::string_view& text) {
    int number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return -1;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<StepsAt> parse_steps(std::string_view explain) {
    if (!explain.starts_with(kSteps)) return {};
    explain.remove_prefix(kSteps.size());
    StepsAt steps{.asker = take_number(explain)};
    if (!explain.starts_with(' ')) return {};
    explain.remove_prefix(1);
    steps.terminal = take_number(explain);
    if (steps.asker <= 0 || steps.terminal < 0 || !explain.empty()) return {};
    return steps;
}

// The same terminal through a description of our own (proc_pid_fd(5)). Empty where it is none.
static Fd open_terminal(const StepsAt& steps) {
    const std::string link =
        "/proc/" + std::to_string(steps.asker) + "/fd/" + std::to_string(steps.terminal);
    // A pipe with nobody at its other end would hold us up.
    Fd terminal{::open(link.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
    if (!terminal || ::isatty(terminal.get()) == 0) return {};
    return ::fcntl(terminal.get(), F_SETFL, 0) == 0 ? std::move(terminal) : Fd{};
}

void begin_explaining(const Spec& spec, int errors, std::optional<Explainer>& explainer) {
    if (spec.explain.empty()) return;
    if (const auto steps = parse_steps(spec.explain)) {
        Fd asker{static_cast<int>(::syscall(SYS_pidfd_open, steps->asker, 0))};
        Fd terminal = asker ? open_terminal(*steps) : Fd{};
        const int output = terminal.get();
        if (terminal) {
            explainer.emplace(Explaining::steps, output, std::move(terminal), std::move(asker));
            return;
        }
    }
    explainer.emplace(Explaining::lines, errors);
}
