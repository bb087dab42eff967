#include "common/options.hpp"

#include <charconv>
#include <cstdlib>

#include "common/error.hpp"
#include "common/file.hpp"

const std::string_view kVersion = "0.1.0";

static constexpr std::size_t kHelpColumn = 30;

static std::string help_text(const Program& program, const std::vector<Option>& options) {
    std::string text = "Usage:\n";
    for (std::size_t start = 0; start < program.synopsis.size();) {
        const std::size_t end =
            std::min(program.synopsis.find('\n', start), program.synopsis.size());
        text.append("  ").append(program.name).append(" ");
        text.append(program.synopsis.substr(start, end - start)).append("\n");
        start = end + 1;
    }
    text.append("\n").append(program.about).append("\n\nOptions:\n");
    const auto add_line = [&](std::string left, std::string_view help) {
        left.insert(0, "  ");
        if (left.size() + 2 > kHelpColumn)
            left.append("\n").append(kHelpColumn, ' ');
        else
            left.resize(kHelpColumn, ' ');
        text.append(left).append(help).append("\n");
    };
    for (const Option& option : options) {
        std::string names;
        for (const char letter : option.names)
            names.append(letter == ' ' ? ", " : std::string(1, letter));
        add_line(option.value.empty() ? names : names + " " + std::string{option.value},
                 option.help);
    }
    add_line("--help", "show this text");
    add_line("--version", "show the version");
    return text;
}

static const Option* find_option(const std::vector<Option>& options, std::string_view name) {
    if (name.find(' ') != std::string_view::npos) return nullptr;  // it separates our names
    for (const Option& option : options) {
        const std::string padded = " " + std::string{option.names} + " ";
        if (padded.find(" " + std::string{name} + " ") != std::string::npos) return &option;
    }
    return nullptr;
}

std::vector<std::string> parse_options(const Program& program, const std::vector<Option>& options,
                                       const std::vector<std::string>& arguments) {
    const std::string advice = " (try " + std::string{program.name} + " --help)";
    std::size_t at = 0;
    while (at < arguments.size()) {
        const std::string& word = arguments[at];
        if (word.size() < 2 || word[0] != '-') break;
        ++at;
        if (word == "--") break;
        if (word == "--help" || word == "--version") {
            print(word == "--help"
                      ? help_text(program, options)
                      : std::string{program.name} + " " + std::string{kVersion} + "\n");
            std::exit(0);
        }
        const bool is_long = word.starts_with("--");
        const std::size_t name_end = is_long ? std::min(word.find('='), word.size()) : 2;
        const std::string name = word.substr(0, name_end);
        const Option* option = find_option(options, name);
        if (option == nullptr) throw UsageError{"unknown option " + printable(name) + advice};
        const bool value_attached = name_end < word.size();
        if (option->value.empty()) {
            if (value_attached) throw UsageError{name + " takes no value" + advice};
            option->apply({});
        } else if (value_attached) {
            option->apply(std::string_view{word}.substr(name_end + (is_long ? 1 : 0)));
        } else if (at < arguments.size()) {
            option->apply(arguments[at++]);
        } else {
            throw UsageError{name + " needs a value: " + name + " " + std::string{option->value} +
                             advice};
        }
    }
    return {arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end()};
}

std::vector<std::string> arguments_of(int argc, char** argv) {
    return argc > 0 ? std::vector<std::string>{argv + 1, argv + argc} : std::vector<std::string>{};
}

long parse_number(std::string_view text, std::string_view what, long smallest, long largest) {
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
    if (!whole || number < smallest || number > largest) {
        throw UsageError{std::string{what} + " " + printable(text) + ": not a number from " +
                         std::to_string(smallest) + " to " + std::to_string(largest)};
    }
    return number;
}
