#include "tests/bench/figure.hpp"

#include <fcntl.h>

#include "common/file.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/statistics.hpp"

// Horizontal bars, two for each contestant, the first contestant on top.
static constexpr auto kScript =
    R"(set terminal svg size 720,HEIGHT font 'sans-serif,13' background '#ffffff'
set output 'OUTPUT'
set title 'Launch to exit of a static program that does nothing'
set xlabel 'milliseconds (median)'
set xrange [0:*]
set yrange [COUNT-0.5:-0.5] noreverse
set grid xtics lc rgb '#dddddd'
set border 1 lc rgb '#333333'
set tics nomirror scale 0
set lmargin 34
set key top right
set style fill solid 1.0
plot 'DATA' using 2:($0-0.18):(0):2:($0-0.34):($0-0.02):yticlabels(1) \
         with boxxyerror lc rgb '#4a7fb0' title 'after 100 ms of quiet', \
     'DATA' using 3:($0+0.18):(0):3:($0+0.02):($0+0.34) \
         with boxxyerror lc rgb '#8fb573' title 'hot'
)";

static void replace_all(std::string& text, const std::string& word, const std::string& value) {
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + value.size())) {
        text.replace(at, word.size(), value);
    }
}

std::string draw_launch_figure(const Settings& settings, const std::vector<Series>& cold,
                               const std::vector<Series>& hot) {
    const std::string gnuplot = find_program("gnuplot");
    if (gnuplot.empty()) return "No picture: gnuplot is not installed.";
    std::string data;
    std::size_t count = 0;
    for (std::size_t i = 0; i < cold.size(); ++i) {
        if (cold[i].values.empty() || hot[i].values.empty()) continue;
        data += "\"" + cold[i].name + "\" " + number_text(median(cold[i].values)) + " " +
                number_text(median(hot[i].values)) + "\n";
        ++count;
    }
    const ScratchDirectory scratch;
    write_file(scratch.path() + "/data", data);
    std::string script = kScript;
    replace_all(script, "DATA", scratch.path() + "/data");
    replace_all(script, "OUTPUT", settings.figure);
    replace_all(script, "HEIGHT", std::to_string(90 + 34 * count));
    replace_all(script, "COUNT", std::to_string(count));
    write_file(scratch.path() + "/script", script);
    Child child = start_program({gnuplot, scratch.path() + "/script"});
    if (child.wait() != 0) return "No picture: gnuplot failed.";
    return "Picture: " + settings.figure;
}
