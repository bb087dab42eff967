// Stage 2: a client only ships text. Uses stage 1: what a name may be, --host and --port.
#include "common/error.hpp"
#include "common/options.hpp"
#include "stage1-tcp-manager/address_options.hpp"
#include "stage1-tcp-manager/validation.hpp"
#include "stage2-cli-client/client.hpp"

static const Program kProgram = {
    .name = "stage2-cli-client",
    .synopsis =
        "[--host HOST] [--port PORT]\n"
        "[--host HOST] [--port PORT] run NAME | stop NAME | list",
    .about =
        "Asks for commands and ships them to stage1-tcp-manager; or ships one and ends.\n"
        "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no manager there.",
};

// The command as it is shipped; empty when none was given. Throws UsageError: what the manager
// would refuse is never sent.
static std::string command_from(const std::vector<std::string>& words) {
    static const std::string advice = " (try stage2-cli-client --help)";
    if (words.empty()) return {};
    const std::string& verb = words[0];
    if (verb != "run" && verb != "stop" && verb != "list") {
        throw UsageError{"unknown command " + printable(verb) + advice};
    }
    if (verb == "list") {
        if (words.size() != 1) throw UsageError{"list takes no argument" + advice};
        return verb;
    }
    if (words.size() != 2) throw UsageError{verb + " takes one container name" + advice};
    const std::string invalid = why_invalid_name(words[1]);
    if (!invalid.empty()) throw UsageError{invalid};
    return verb + " " + words[1];
}

int main(int argc, char** argv) try {
    // 1. Where the manager is, and what to tell it.
    ensure_standard_streams();
    TcpAddress address;
    const auto options = address_options(address, "8080 by default");
    const auto words = parse_options(kProgram, options, arguments_of(argc, argv));
    const std::string command = command_from(words);

    // 2. Connect.
    Client client{address};

    // 3. Ship what is typed until the user leaves; or just the one command.
    if (command.empty()) return client.interact();
    return client.execute(command);
} catch (const UsageError& error) {
    return report_failure(kProgram.name, error, 2);
} catch (const Unreachable& error) {
    return report_failure(kProgram.name, error, 3);
} catch (const std::exception& error) {
    return report_failure(kProgram.name, error, 1);
}
