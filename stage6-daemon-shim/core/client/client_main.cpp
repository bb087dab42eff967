// From a client's command line to the command that is meant.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "common/file.hpp"
#include "common/process.hpp"
#include "stage6-daemon-shim/core/client/attach.hpp"
#include "stage6-daemon-shim/core/client/command.hpp"
#include "stage6-daemon-shim/core/client/completion.hpp"
#include "stage6-daemon-shim/core/client/terminal.hpp"
#include "stage6-daemon-shim/core/wire/default_paths.hpp"

static constexpr int kUsageExitCode = 125;

static std::string list_of_commands(const ClientProgram& program, const CommandTables& tables) {
    std::string text = std::string{program.about} + "\n";
    for (const CommandGroup& group : tables.groups) {
        text.append("\n").append(group.title).append(":\n");
        for (const CommandEntry& entry : group.commands) {
            std::string line = "  " + std::string{entry.name};
            line.resize(std::max<std::size_t>(19, line.size() + 2), ' ');
            text.append(line).append(entry.help).append("\n");
        }
    }
    text += "\nShells:\n  completion       print what bash, zsh or fish completes commands by\n";
    return text + "\n" + std::string{program.name} + " COMMAND --help says more about each.";
}

static const CommandEntry* find_entry(const CommandTables& tables, std::string_view name) {
    for (const CommandGroup& group : tables.groups) {
        for (const CommandEntry& entry : group.commands) {
            if (entry.name == name) return &entry;
        }
    }
    const auto alias = std::ranges::find(tables.aliases, name, &CommandAlias::name);
    return alias == tables.aliases.end() ? nullptr : find_entry(tables, alias->command);
}

// "container": the first word of commands of two. Their second words, in the tables' order.
static std::string words_behind(const CommandTables& tables, const std::string& first) {
    std::string words;
    const auto add = [&](std::string_view name) {
        if (!name.starts_with(first + " ")) return;
        words.append(words.empty() ? "" : ", ").append(name.substr(first.size() + 1));
    };
    for (const CommandGroup& group : tables.groups) {
        for (const CommandEntry& entry : group.commands) add(entry.name);
    }
    for (const CommandAlias& alias : tables.aliases) add(alias.name);
    return words;
}

// Takes the command's name, of one word or two, off the front. Throws UsageError.
static const CommandEntry& take_command(const ClientProgram& program, const CommandTables& tables,
                                        std::vector<std::string>& words) {
    const std::string advice = " (try " + std::string{program.name} + " --help)";
    const std::string first = words[0];
    const std::string both = words.size() > 1 ? first + " " + words[1] : first;
    const auto refused = std::ranges::find_if(tables.refused, [&](const RefusedCommand& command) {
        return command.name == first || command.name == both;
    });
    if (const CommandEntry* entry = words.size() > 1 ? find_entry(tables, both) : nullptr) {
        words.erase(words.begin(), words.begin() + 2);
        return *entry;
    }
    if (const CommandEntry* entry = find_entry(tables, first)) {
        words.erase(words.begin());
        return *entry;
    }
    if (refused != tables.refused.end()) {
        throw Failure{std::string{refused->name} + ": not built in: " + std::string{refused->why}};
    }
    const std::string second = words_behind(tables, first);
    if (second.empty()) throw UsageError{"unknown command " + printable(first) + advice};
    if (words.size() > 1 && words[1] == "--help") {
        print(std::string{program.name} + " " + first + " is followed by one of:\n  " + second +
              "\n");
        std::exit(0);
    }
    if (words.size() == 1) throw UsageError{first + " is followed by one of: " + second};
    throw UsageError{"unknown command " + printable(both) + ": there are " + second};
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
    } catch (const NoTerminal& error) {
        command.report("", error);
        return 1;
    } catch (const EndedBySignal& end) {
        return 128 + end.signal;
    } catch (const Unreachable& error) {
        return report_failure(command.program().name, error, entry.failure_exit_code);
    } catch (const std::exception& error) {
        command.report("", error);
        return entry.failure_exit_code;
    }
}

int run_client(const ClientProgram& program, const CommandTables& tables,
               const std::vector<std::string>& arguments) try {
    ensure_standard_streams();
    std::string socket;
    std::optional<WireLog> log;
    std::vector<Option> options;
    options.push_back({"--socket", "PATH", "where the daemon listens",
                       [&](std::string_view path) { socket = socket_path_of(path, "--socket"); }});
    if (program.takes_image) {
        options.push_back(
            {"-H --host", "ADDRESS", "the same as unix://PATH",
             [&](std::string_view address) { socket = socket_path_of(address, "--host"); }});
    }
    options.push_back({"--wire", "", "show on standard error what is said to the daemon and back",
                       [&](std::string_view) { log.emplace("-"); }});
    const std::string about = list_of_commands(program, tables);
    const Program global{program.name, "[OPTIONS] COMMAND [ARG...]", about};
    auto words = parse_options(global, options, arguments);
    const std::string advice = " (try " + std::string{program.name} + " --help)";
    if (words.empty()) throw UsageError{"the command is missing" + advice};
    if (words[0] == "help") {
        words.erase(words.begin());
        words.push_back("--help");
        if (words.size() == 1) parse_options(global, options, words);
    }
    if (words[0] == "completion") return print_completion(program, tables, words);
    const CommandEntry& entry = take_command(program, tables, words);
    if (socket.empty()) socket = default_socket(program.family);
    ApiClient api{socket, std::string{program.daemon}};
    if (log) api.tell(*log);
    return run_command(entry, Command{program, entry.name, api, words});
} catch (const UsageError& error) {
    return report_failure(program.name, error, kUsageExitCode);
} catch (const std::exception& error) {
    return report_failure(program.name, error, kUsageExitCode);
}
