// What a command of a client is, and how its command line is read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/options.hpp"
#include "stage6-daemon-shim/core/client/api_client.hpp"

struct ClientFeature;

// What differs between our two clients.
struct ClientProgram {
    std::string_view name;       // "slipway"
    std::string_view daemon;     // "slipwayd"
    std::string_view family;     // "slipway": see default_socket()
    std::string_view about;      // a few lines for --help
    std::string_view isolation;  // of new containers: "default" or "none"
    bool takes_image;            // `run` and `create` name one, and `ps` shows it
    std::span<const ClientFeature> features{};
};

enum class Operands {
    after_options,  // the first word that is no option ends them: it and the rest are operands
    anywhere,       // options may stand behind operands too; `--` ends them
};

struct CommandLine {
    std::vector<std::string> operands;
    bool separated = false;  // a `--` stood before the first operand
};

struct CommandHelp {
    std::string_view synopsis;  // "[OPTIONS] CONTAINER..."; one line a form
    std::string_view about;
    std::string_view example{};  // what to try, without the program's name: "logs -f web"
};

// What parse() throws instead of parsing, for whoever wants to know a command's options: the
// completion for shells is made of it, and so comes from the table that --help prints.
struct CommandDescription {
    std::string synopsis;
    struct Words {
        std::string names;  // "-f --follow"
        bool takes_value;
        std::string help;
    };
    std::vector<Words> options;
};

// A command at work.
class Command {
public:
    enum class Purpose { run, describe };

    Command(const ClientProgram& program, std::string_view name, ApiClient& api,
            std::vector<std::string> arguments, Purpose purpose = Purpose::run)
        : program_{program},
          name_{name},
          api_{api},
          arguments_{std::move(arguments)},
          purpose_{purpose} {}

    const ClientProgram& program() const { return program_; }
    ApiClient& api() const { return api_; }

    // Reads the arguments; short switches may be written together ("-aq"). --help prints and
    // ends the program. Throws UsageError, and CommandDescription where that is the purpose: a
    // command does nothing before.
    CommandLine parse(const CommandHelp& help, const std::vector<Option>& options,
                      Operands operands = Operands::anywhere) const;

    // The same for a command with so many operands. Throws UsageError for fewer or more.
    std::vector<std::string> parse_names(const CommandHelp& help,
                                         const std::vector<Option>& options, std::size_t least = 1,
                                         std::size_t most = std::string::npos) const;

    // A usage error that ends with how to get help.
    UsageError usage_error(const std::string& text) const;

    // Prints `slipway: stop web: WHY` as one line on stderr.
    void report(const std::string& object, const std::exception& error) const;

    // Does it for each name and prints the name. One that the daemon refuses is reported, and the
    // others are still done. Returns the exit code, 0 or 1.
    template <class Action>
    int for_each(const std::vector<std::string>& names, Action action) const {
        int exit_code = 0;
        for (const auto& name : names) {
            try {
                action(name);
            } catch (const ApiError& error) {
                report(name, error);
                exit_code = 1;
            }
        }
        return exit_code;
    }

private:
    const ClientProgram& program_;
    std::string name_;
    ApiClient& api_;
    std::vector<std::string> arguments_;
    Purpose purpose_;
};

// An entry of a table of commands.
struct CommandEntry {
    std::string_view name;
    std::string_view help;  // one line
    int (*run)(const Command& command);
    int failure_exit_code = 1;  // when it throws; 125 where other codes are the container's
};

struct CommandGroup {
    std::string_view title;  // in --help
    std::span<const CommandEntry> commands;
};

// Another way to say a command: "container ls" is "ps".
struct CommandAlias {
    std::string_view name, command;
};

// A command of Docker's that is not here, and why.
struct RefusedCommand {
    std::string_view name, why;
};

struct CommandTables {
    std::vector<CommandGroup> groups;
    std::span<const CommandAlias> aliases{};
    std::span<const RefusedCommand> refused{};
};

// The main() of a client: reads the options before the command, finds the command in the tables,
// connects and runs it. Returns the exit code; errors are printed as one line.
int run_client(const ClientProgram& program, const CommandTables& tables,
               const std::vector<std::string>& arguments);

// A switch, and an option whose value is kept as it is; one that may come several times.
Option switch_option(std::string_view names, std::string_view help, bool& value);
Option text_option(std::string_view names, std::string_view argument, std::string_view help,
                   std::string& value);
Option list_option(std::string_view names, std::string_view argument, std::string_view help,
                   std::vector<std::string>& values);
