#include "stage6-daemon-shim/features/terminal/terminal_in_shim.hpp"

#include "stage6-daemon-shim/features/terminal/open_terminal.hpp"

static constexpr LaunchStep kSteps[] = {{11, open_terminal}};

ShimFeature terminal_in_shim() {
    return {.name = "terminal", .launch_steps = kSteps, .opens_terminals = true};
}
