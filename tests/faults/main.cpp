// The engine under fault: kills at random under load, and at each step that changes something.

#include <chrono>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "tests/faults/noise.hpp"
#include "tests/faults/soak.hpp"
#include "tests/faults/sweep.hpp"
#include "tests/faults/tracing.hpp"

static constexpr long kMost = 1L << 30;

static const Program kSelf{
    "slipway-faults", "soak [OPTIONS]\nsweep [OPTIONS]\norder",
    "Kills a daemon, shims and clients under load and checks that nothing is lost or left."};

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

static int run_sweep(const std::vector<std::string>& words) {
    SweepOrder order;
    parse_options(kSelf,
                  {{"--shim", "", "the shim is the victim, not the daemon",
                    [&](std::string_view) { order.victim = Victim::shim; }},
                   {"--fault", "WORDS", "signal=KILL, error=ENOSPC: see strace(1)",
                    [&](std::string_view text) { order.fault = text; }},
                   {"--every", "N", "only each Nth call",
                    [&](std::string_view text) {
                        order.every =
                            static_cast<unsigned>(parse_number(text, "--every", 1, kMost));
                    }}},
                  words);
    return sweep(order);
}

static int run_writer(const std::vector<std::string>& words) {
    const auto number = [&](std::size_t index) {
        return static_cast<unsigned>(parse_number(words.at(index), "number", 0, kMost));
    };
    return write_noise({number(0), number(1)}, number(2), static_cast<int>(number(3)));
}

int main(int argc, char** argv) try {
    auto words = arguments_of(argc, argv);
    if (should_be_traced_shim()) become_traced_shim(words);
    const std::string mode = words.empty() ? "" : words[0];
    if (!words.empty()) words.erase(words.begin());
    if (mode == "soak") return run_soak(words);
    if (mode == "sweep") return run_sweep(words);
    if (mode == "order") return check_order();
    if (mode == "naive") return write_naively(words.at(0));
    if (mode == "write") return run_writer(words);
    parse_options(kSelf, {}, arguments_of(argc, argv));
    throw UsageError{"soak, sweep or order (try --help)"};
} catch (const UsageError& error) {
    return report_failure(kSelf.name, error, 2);
} catch (const std::exception& error) {
    return report_failure(kSelf.name, error, 1);
}
