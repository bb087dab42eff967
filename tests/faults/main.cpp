// The engine under fault: kills at random under load, and at each step that changes something.

#include <unistd.h>

#include <chrono>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "tests/faults/control.hpp"
#include "tests/faults/noise.hpp"
#include "tests/faults/points.hpp"
#include "tests/faults/rounds.hpp"
#include "tests/faults/soak.hpp"
#include "tests/faults/sweep.hpp"
#include "tests/faults/tracing.hpp"

static constexpr long kMost = 1L << 30;

static const Program kSelf{
    "slipway-faults",
    "soak [OPTIONS]\npoints [OPTIONS]\nsweep [OPTIONS]\nrounds [OPTIONS]\norder\nchecks",
    "Kills a daemon, shims and clients, under load, at named points, at each call that changes\n"
    "something or at random, and checks that nothing is lost or left."};

static Tamper parse_tamper(std::string_view text) {
    static constexpr std::pair<std::string_view, Tamper> kinds[] = {
        {"lose", Tamper::lose},
        {"duplicate", Tamper::duplicate},
        {"alter", Tamper::alter},
        {"forget", Tamper::forget},
        {"code", Tamper::code}};
    for (const auto& [name, kind] : kinds) {
        if (name == text) return kind;
    }
    throw UsageError{"--tamper: lose, duplicate, alter, forget or code"};
}

static int run_soak(const std::vector<std::string>& words) {
    SoakOrder order;
    order.seed = static_cast<std::uint64_t>(
        std::chrono::system_clock::now().time_since_epoch().count() % 1'000'000);
    const auto number = [](std::string_view name, auto& value) {
        return [name, &value](std::string_view text) {
            value = static_cast<std::remove_reference_t<decltype(value)>>(
                parse_number(text, name, 0, kMost));
        };
    };
    parse_options(
        kSelf,
        {{"--seconds", "N", "how long", number("--seconds", order.seconds)},
         {"--seed", "N", "for the same choices again", number("--seed", order.seed)},
         {"--kills", "N", "until the daemon was killed so often", number("--kills", order.kills)},
         {"--no-shims", "", "never kill a shim",
          [&](std::string_view) { order.kills_shims = false; }},
         {"--tamper", "HOW", "do harm, which must be noticed",
          [&](std::string_view text) { order.tamper = parse_tamper(text); }}},
        words);
    print("seed " + std::to_string(order.seed) + "\n");
    return soak(order);
}

static Traced parse_traced(std::string_view text) {
    static constexpr std::pair<std::string_view, Traced> names[] = {
        {"daemon", Traced::first_daemon},
        {"next-daemon", Traced::second_daemon},
        {"shim", Traced::first_shim},
        {"next-shim", Traced::second_shim}};
    for (const auto& [name, traced] : names) {
        if (name == text) return traced;
    }
    throw UsageError{"--of: daemon, next-daemon, shim or next-shim"};
}

static int run_sweep(const std::vector<std::string>& words) {
    SweepOrder order;
    parse_options(kSelf,
                  {{"--of", "WHOM", "daemon, next-daemon, shim or next-shim",
                    [&](std::string_view text) { order.traced = parse_traced(text); }},
                   {"--fault", "WORDS", "signal=KILL, error=ENOSPC: see strace(1)",
                    [&](std::string_view text) { order.fault = text; }},
                   {"--call", "NAME", "only calls of this name",
                    [&](std::string_view text) { order.call = text; }},
                   {"--every", "N", "only each Nth call",
                    [&](std::string_view text) {
                        order.every =
                            static_cast<unsigned>(parse_number(text, "--every", 1, kMost));
                    }}},
                  words);
    return sweep(order);
}

static int run_points(const std::vector<std::string>& words) {
    PointOrder order;
    bool only_lists = false;
    parse_options(
        kSelf,
        {{"--list", "", "only name them", [&](std::string_view) { only_lists = true; }},
         {"--quick", "", "each point once", [&](std::string_view) { order.is_quick = true; }},
         {"--error", "NAME", "this error alone",
          [&](std::string_view text) { order.errors = {std::string{text}}; }}},
        words);
    return only_lists ? list_points() : sweep_points(order);
}

static int run_rounds(const std::vector<std::string>& words) {
    RoundsOrder order;
    parse_options(
        kSelf,
        {{"--rounds", "N", "how many",
          [&](std::string_view text) {
              order.rounds = static_cast<unsigned>(parse_number(text, "--rounds", 1, kMost));
          }},
         {"--seed", "N", "for the same moments again",
          [&](std::string_view text) {
              order.seed = static_cast<std::uint64_t>(parse_number(text, "--seed", 0, kMost));
          }}},
        words);
    return kill_at_random(order);
}

static int run_writer(const std::vector<std::string>& words) {
    const auto number = [&](std::size_t index) {
        return static_cast<unsigned>(parse_number(words.at(index), "number", 0, kMost));
    };
    return write_noise({number(0), number(1)}, number(2), static_cast<int>(number(3)));
}

// What kills-beside.sh asks of a log.
static int run_compare(const std::vector<std::string>& words) {
    const auto number = [&](std::size_t index) {
        return static_cast<unsigned>(parse_number(words.at(index), "number", 0, kMost));
    };
    print(tally_noise({number(0), number(1)}, read_all(STDIN_FILENO, "standard input", 1u << 28)));
    return 0;
}

int main(int argc, char** argv) try {
    auto words = arguments_of(argc, argv);
    if (should_be_traced_shim()) become_traced_shim(words);
    const std::string mode = words.empty() ? "" : words[0];
    if (!words.empty()) words.erase(words.begin());
    if (mode == "soak") return run_soak(words);
    if (mode == "sweep") return run_sweep(words);
    if (mode == "order") return check_order();
    if (mode == "points") return run_points(words);
    if (mode == "rounds") return run_rounds(words);
    if (mode == "checks") return check_the_checks();
    if (mode == "write") return run_writer(words);
    if (mode == "compare") return run_compare(words);
    parse_options(kSelf, {}, arguments_of(argc, argv));
    throw UsageError{"soak, points, sweep, rounds, order or checks (try --help)"};
} catch (const UsageError& error) {
    return report_failure(kSelf.name, error, 2);
} catch (const std::exception& error) {
    return report_failure(kSelf.name, error, 1);
}
