// The one option parser: what is parsed and what --help prints come from the same table.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

struct Option {
    std::string_view names;  // "--memory", or "-w --workdir"
    std::string_view value;  // what --help calls its argument, "MB"; empty for a switch
    std::string_view help;
    std::function<void(std::string_view)> apply;  // may throw UsageError
};

struct Program {
    std::string_view name;      // as in build/, "stage1-tcp-manager"
    std::string_view synopsis;  // one line a form, without the name: "run [OPTIONS] COMMAND..."
    std::string_view about;     // what it does and what to try, in a few lines
};

// Applies the options at the front of `arguments` and returns what follows the first word that is
// none, or the `--` that ends them. Takes `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`.
// `--help` and `--version` print on stdout and end the program with 0.
// Throws UsageError for an unknown option, a missing or an unwanted value.
std::vector<std::string> parse_options(const Program& program, const std::vector<Option>& options,
                                       const std::vector<std::string>& arguments);

// The arguments of main() without the program's name.
std::vector<std::string> arguments_of(int argc, char** argv);

// A whole decimal number of a range. Throws UsageError naming `what` ("--port").
long parse_number(std::string_view text, std::string_view what, long smallest, long largest);

extern const std::string_view kVersion;
