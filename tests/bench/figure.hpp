// The comparison of launches as a picture.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/round_robin.hpp"
#include "tests/bench/topics.hpp"

// Draws settings.figure (SVG) with gnuplot. Returns a line that says that it did, or why not.
std::string draw_launch_figure(const Settings& settings, const std::vector<Series>& cold,
                               const std::vector<Series>& hot);
