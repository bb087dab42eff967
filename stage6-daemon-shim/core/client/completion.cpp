#include "stage6-daemon-shim/core/client/completion.hpp"

#include <algorithm>

#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/api_client.hpp"

// A command as the shells' scripts need it.
struct CompletedCommand {
    std::string name;  // "ps", "container ls"
    std::string help;
    CommandDescription description;

    // What its operands are, where the daemon can name them.
    bool takes_container() const { return has("CONTAINER") || has("NAME..."); }
    bool takes_image() const { return has("IMAGE") || has("NAME..."); }

private:
    bool has(const char* word) const {
        return description.synopsis.find(word) != std::string::npos;
    }
};

static CommandDescription describe(const ClientProgram& program, const CommandEntry& entry) {
    ApiClient nobody{"", ""};  // a command describes itself before it asks anybody
    try {
        entry.run(Command{program, entry.name, nobody, {}, Command::Purpose::describe});
    } catch (const CommandDescription& description) {
        return description;
    }
    return {};
}

static std::vector<CompletedCommand> completed_commands(const ClientProgram& program,
                                                        const CommandTables& tables) {
    std::vector<CompletedCommand> all;
    for (const CommandGroup& group : tables.groups) {
        for (const CommandEntry& entry : group.commands) {
            all.push_back(
                {std::string{entry.name}, std::string{entry.help}, describe(program, entry)});
        }
    }
    for (const CommandAlias& alias : tables.aliases) {
        const auto meant = std::ranges::find(all, alias.command, &CompletedCommand::name);
        if (meant == all.end()) continue;
        CompletedCommand same = *meant;
        same.name = alias.name;
        all.push_back(std::move(same));
    }
    return all;
}

static std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t start = 0; start < text.size();) {
        const auto end = std::min(text.find(' ', start), text.size());
        words.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return words;
}

// The words that may come first, and behind each group ("container") those that may come second.
static std::vector<std::string> words_after(const std::vector<CompletedCommand>& all,
                                            const std::string& first) {
    std::vector<std::string> words;
    for (const CompletedCommand& command : all) {
        const auto parts = split(command.name);
        if (first.empty()) words.push_back(parts[0]);
        if (parts.size() > 1 && parts[0] == first) words.push_back(parts[1]);
    }
    if (first.empty()) words.push_back("completion");
    std::ranges::sort(words);
    words.erase(std::unique(words.begin(), words.end()), words.end());
    return words;
}

static std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
}

static std::string option_words(const CompletedCommand& command) {
    std::string text;
    for (const auto& option : command.description.options) text.append(option.names).append(" ");
    return text + "--help";
}

// The commands that print what operands there are.
static std::string operands_of(const std::string& program, const CompletedCommand& command) {
    std::string text;
    if (command.takes_container()) text += program + " ps -a --format '{{.Names}}' 2>/dev/null; ";
    if (command.takes_image() && program == "slipway") {
        text += program + " images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null; ";
    }
    return text;
}

// Commands of two words have a function in the shell that looks at the second one.
static bool is_group(const std::vector<CompletedCommand>& all, const std::string& word) {
    return !words_after(all, word).empty() &&
           std::ranges::find(all, word, &CompletedCommand::name) == all.end();
}

static std::string bash_script(const std::string& program,
                               const std::vector<CompletedCommand>& all) {
    std::string groups, cases;
    for (const auto& word : words_after(all, "")) {
        if (!is_group(all, word)) continue;
        groups += "        " + word + ") words='" + joined(words_after(all, word)) + "' ;;\n";
    }
    for (const CompletedCommand& command : all) {
        cases += "        '" + command.name + "')\n            options='" + option_words(command) +
                 "'\n";
        const std::string operands = operands_of(program, command);
        if (!operands.empty()) cases += "            words=$(" + operands + ")\n";
        cases += "            ;;\n";
    }
    return "# bash completion of " + program +
           ": source it, or put it into\n# /etc/bash_completion.d/" + program + "\n_" + program +
           "() {\n" + "    local current=${COMP_WORDS[COMP_CWORD]} words= options= i\n" +
           "    local -a names=()\n" + "    for ((i = 1; i < COMP_CWORD; i++)); do\n" +
           "        case ${COMP_WORDS[i]} in\n" + "        --host | --socket | -H) ((i++)) ;;\n" +
           "        -*) ;;\n" + "        *) names+=(\"${COMP_WORDS[i]}\") ;;\n" +
           "        esac\n    done\n" + "    local command=${names[0]-}\n" +
           "    case $command in\n        '') words='" + joined(words_after(all, "")) +
           "' options='--help --version --socket --host' ;;\n" + groups + "        esac\n" +
           "    if [[ -n $words && -n $command && ${#names[@]} -gt 1 ]]; then\n" +
           "        command=\"$command ${names[1]}\" words=\n    fi\n" + "    case $command in\n" +
           cases + "    esac\n" + "    [[ $current == -* ]] && words=$options\n" +
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n" +
           "    [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"$current\"))\n}\n" +
           "complete -F _" + program + " " + program + "\n";
}

static std::string zsh_script(const std::string& program,
                              const std::vector<CompletedCommand>& all) {
    // zsh runs bash's functions; compdef tells it when.
    return "#compdef " + program + "\nautoload -U +X bashcompinit && bashcompinit\n" +
           bash_script(program, all);
}

static std::string in_quotes(const std::string& text) {
    std::string result = "'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') result += '\\';
        result += letter;
    }
    return result + "'";
}

static std::string fish_option(const std::string& condition,
                               const CommandDescription::Words& option) {
    std::string line = condition;
    for (const auto& name : split(option.names)) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (option.takes_value) line += " -r";
    return line + " -d " + in_quotes(option.help) + "\n";
}

static std::string fish_script(const std::string& program,
                               const std::vector<CompletedCommand>& all) {
    const std::string begin = "complete -c " + program;
    std::string text = "# fish completion of " + program +
                       ": put it into ~/.config/fish/completions/" + program + ".fish\n";
    text += begin + " -f\n";
    for (const CompletedCommand& command : all) {
        const auto parts = split(command.name);
        const std::string seen = "__fish_seen_subcommand_from ";
        const bool first = parts.size() == 1;
        const std::string before = first ? "__fish_use_subcommand" : seen + parts[0];
        text += begin + " -n " + in_quotes(before) + " -a " + parts.back() + " -d " +
                in_quotes(command.help) + "\n";
        const std::string here =
            begin + " -n " +
            in_quotes(first ? seen + parts[0] : seen + parts[0] + "; and " + seen + parts[1]);
        for (const auto& option : command.description.options) text += fish_option(here, option);
        const std::string operands = operands_of(program, command);
        if (!operands.empty()) text += here + " -a \"(" + operands + ")\"\n";
    }
    return text;
}

int print_completion(const ClientProgram& program, const CommandTables& tables,
                     const std::vector<std::string>& words) {
    const std::string name{program.name};
    const std::string usage = name + " completion bash|zsh|fish";
    if (words.size() == 2 && words[1] == "--help") {
        print("Usage:\n  " + usage + "\n\nPrints what the shell completes " + name +
              "'s command lines by: the commands, their options, and\nthe containers and images "
              "that there are.\n\nTry: source <(" +
              name + " completion bash)\n");
        return 0;
    }
    if (words.size() != 2) throw UsageError{"expected: " + usage};
    const auto all = completed_commands(program, tables);
    if (words[1] == "bash") {
        print(bash_script(name, all));
    } else if (words[1] == "zsh") {
        print(zsh_script(name, all));
    } else if (words[1] == "fish") {
        print(fish_script(name, all));
    } else {
        throw UsageError{"completion " + printable(words[1]) + ": there are bash, zsh and fish"};
    }
    return 0;
}
