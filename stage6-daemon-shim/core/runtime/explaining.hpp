// `run --explain` and `run --step`: what chapter 3's Explainer does for a container of a daemon's.
#pragma once

#include <optional>
#include <string_view>

#include "stage3-namespaces/explain.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"

// "steps 4711 5": ask before each step, and tell, at the terminal that is process 4711's
// descriptor 5. Neither daemon nor shim has one; the client, which waits for the start, lends its.
struct StepsAt {
    pid_t asker = 0;
    int terminal = -1;
};
std::optional<StepsAt> parse_steps(std::string_view explain);

// Begins to watch this process as the spec wants it: until `explainer` is empty again. The lines go
// to `errors`, which is borrowed, or to the asker's terminal. An asker who is gone is not asked: of
// `steps` the lines are left.
void begin_explaining(const Spec& spec, int errors, std::optional<Explainer>& explainer);
