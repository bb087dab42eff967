#include "tests/bench/round_robin.hpp"

#include <algorithm>

#include "tests/bench/statistics.hpp"

static void take_turn(const Contestant& contestant, bool counts, Series& series) {
    try {
        const double value = contestant.turn();
        if (counts) series.values.push_back(value);
    } catch (const std::exception& error) {
        series.fault = error.what();
        series.values.clear();
    }
}

std::vector<Series> round_robin(const std::vector<Contestant>& contestants, const Rounds& rounds) {
    std::vector<Series> all;
    for (const Contestant& contestant : contestants) all.push_back({contestant.name, {}, {}});
    for (int round = -rounds.warm_up; round < rounds.count; ++round) {
        for (std::size_t i = 0; i < contestants.size(); ++i) {
            const std::size_t place =
                (i + static_cast<std::size_t>(std::max(round, 0))) % contestants.size();
            if (!all[place].fault.empty()) continue;
            if (rounds.gap.count() > 0) stay_quiet(rounds.gap);
            take_turn(contestants[place], round >= 0, all[place]);
        }
    }
    return all;
}

const Series* find_series(const std::vector<Series>& all, const std::string& name) {
    const auto found = std::ranges::find(all, name, &Series::name);
    return found == all.end() || found->values.empty() ? nullptr : &*found;
}
