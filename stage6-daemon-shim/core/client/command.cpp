#include "stage6-daemon-shim/core/client/command.hpp"

#include <functional>

#include "stage6-daemon-shim/core/client/attach.hpp"
#include "stage6-daemon-shim/core/wire/default_paths.hpp"

static constexpr int kUsageExitCode = 125;

// The words of a command line, sorted into options and operands.
class WordSorter {
public:
    WordSorter(const std::vector<Option>& options, const std::vector<std::string>& words)
        : options_{options}, words_{words} {}

    void sort(Operands rule) {
        while (at_ < words_.size()) {
            const std::string& word = words_[at_++];
            if (word == "--") {
                line.separated = line.operands.empty();
                return take_rest();
            }
            if (word.size() < 2 || word[0] != '-') {
                line.operands.push_back(word);
                if (rule == Operands::after_options) return take_rest();
            } else if (word.starts_with("--")) {
                take_long(word);
            } else {
                take_short(word.substr(1));
            }
        }
    }

    CommandLine line;
    std::vector<std::string> option_words;

private:
    void take_rest() {
        for (; at_ < words_.size(); ++at_) line.operands.push_back(words_[at_]);
    }

    bool takes_value(std::string_view name) const {
        for (const Option& option : options_) {
            const std::string padded = " " + std::string{option.names} + " ";
            if (padded.find(" " + std::string{name} + " ") != std::string::npos) {
                return !option.value.empty();
            }
        }
        return false;
    }

    void take_value() {
        if (at_ < words_.size()) option_words.push_back(words_[at_++]);
    }

    void take_long(const std::string& word) {
        option_words.push_back(word);
        if (word.find('=') == std::string::npos && takes_value(word)) take_value();
    }

    // "-aqn5" is "-a", "-q" and "-n5".
    void take_short(std::string letters) {
        while (!letters.empty()) {
            const std::string name = "-" + letters.substr(0, 1);
            letters.erase(0, 1);
            if (!takes_value(name)) {
                option_words.push_back(name);
                continue;
            }
            option_words.push_back(name + letters);
            if (letters.empty()) take_value();
            return;
        }
    }

    const std::vector<Option>& options_;
    const std::vector<std::string>& words_;
    std::size_t at_ = 0;
};

CommandLine Command::parse(const CommandHelp& help, const std::vector<Option>& options,
                           Operands operands) const {
    WordSorter sorter{options, arguments_};
    sorter.sort(operands);
    const std::string name = std::string{program_.name} + " " + name_;
    parse_options({name, help.synopsis, help.about}, options, sorter.option_words);
    return std::move(sorter.line);
}

std::vector<std::string> Command::parse_names(const CommandHelp& help,
                                              const std::vector<Option>& options, std::size_t least,
                                              std::size_t most) const {
    auto names = parse(help, options).operands;
    if (names.size() < least) throw usage_error("the name of a container is missing");
    if (names.size() > most) throw usage_error("unexpected argument " + printable(names[most]));
    return names;
}

UsageError Command::usage_error(const std::string& text) const {
    return UsageError{text + " (try " + std::string{program_.name} + " " + name_ + " --help)"};
}

void Command::report(const std::string& object, const std::exception& error) const {
    const std::string what = name_ + (object.empty() ? "" : " " + printable(object));
    report_failure(program_.name, Failure{what + ": " + error.what()}, 1);
}

Option switch_option(std::string_view names, std::string_view help, bool& value) {
    return {names, "", help, [&value](std::string_view) { value = true; }};
}

Option text_option(std::string_view names, std::string_view argument, std::string_view help,
                   std::string& value) {
    return {names, argument, help, [&value](std::string_view text) { value = text; }};
}

using Tables = std::initializer_list<std::span<const CommandEntry>>;

static std::string list_of_commands(const ClientProgram& program, Tables tables) {
    std::string text = std::string{program.about} + "\n\nCommands:";
    for (const auto& table : tables) {
        for (const auto& entry : table) {
            std::string line = "\n  " + std::string{entry.name};
            line.resize(14, ' ');
            text.append(line).append(entry.help);
        }
    }
    return text + "\n\n" + std::string{program.name} + " COMMAND --help says more about each.";
}

static const CommandEntry* find_command(Tables tables, std::string_view name) {
    for (const auto& table : tables) {
        for (const auto& entry : table) {
            if (entry.name == name) return &entry;
        }
    }
    return nullptr;
}

static int run_command(const CommandEntry& entry, const Command& command) {
    try {
        return entry.run(command);
    } catch (const UsageError& error) {
        command.report("", error);
        return kUsageExitCode;
    } catch (const GivenUp& error) {
        command.report("", error);
        return 1;
    } catch (const Unreachable& error) {
        return report_failure(command.program().name, error, entry.failure_exit_code);
    } catch (const std::exception& error) {
        command.report("", error);
        return entry.failure_exit_code;
    }
}

int run_client(const ClientProgram& program, Tables tables,
               const std::vector<std::string>& arguments) try {
    ensure_standard_streams();
    std::string socket;
    std::vector<Option> options;
    options.push_back({"--socket", "PATH", "where the daemon listens",
                       [&](std::string_view path) { socket = socket_path_of(path, "--socket"); }});
    if (program.takes_image) {
        options.push_back(
            {"-H --host", "ADDRESS", "the same as unix://PATH",
             [&](std::string_view address) { socket = socket_path_of(address, "--host"); }});
    }
    const std::string about = list_of_commands(program, tables);
    const Program global{program.name, "[OPTIONS] COMMAND [ARG...]", about};
    auto words = parse_options(global, options, arguments);
    const std::string advice = " (try " + std::string{program.name} + " --help)";
    if (words.empty()) throw UsageError{"the command is missing" + advice};
    if (words[0] == "help") parse_options(global, options, {"--help"});
    const CommandEntry* entry = find_command(tables, words[0]);
    if (entry == nullptr) throw UsageError{"unknown command " + printable(words[0]) + advice};
    if (socket.empty()) socket = default_socket(program.family);
    ApiClient api{socket, std::string{program.daemon}};
    words.erase(words.begin());
    return run_command(*entry, Command{program, entry->name, api, words});
} catch (const UsageError& error) {
    return report_failure(program.name, error, kUsageExitCode);
} catch (const std::exception& error) {
    return report_failure(program.name, error, kUsageExitCode);
}
