#include "stage6-daemon-shim/core/client/command.hpp"

#include "common/error.hpp"

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

static CommandDescription described(const CommandHelp& help, const std::vector<Option>& options) {
    CommandDescription description;
    description.synopsis = help.synopsis;
    for (const Option& option : options) {
        description.options.push_back(
            {std::string{option.names}, !option.value.empty(), std::string{option.help}});
    }
    return description;
}

CommandLine Command::parse(const CommandHelp& help, const std::vector<Option>& options,
                           Operands operands) const {
    if (purpose_ == Purpose::describe) throw described(help, options);
    WordSorter sorter{options, arguments_};
    sorter.sort(operands);
    const std::string program{program_.name};
    const std::string name = program + " " + name_;
    std::string about{help.about};
    if (!help.example.empty()) {
        about += "\n\nTry: " + program + " " + std::string{help.example};
    }
    parse_options({name, help.synopsis, about}, options, sorter.option_words);
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

Option list_option(std::string_view names, std::string_view argument, std::string_view help,
                   std::vector<std::string>& values) {
    return {names, argument, help, [&values](std::string_view text) { values.emplace_back(text); }};
}
