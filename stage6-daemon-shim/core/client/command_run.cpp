// run and create.
#include <unistd.h>

#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/attach.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/client/create_request.hpp"

static constexpr CommandHelp kRunHelp = {
    "[OPTIONS] IMAGE COMMAND [ARG...]\n[OPTIONS] [IMAGE] -- COMMAND [ARG...]",
    "Makes a container, runs the command in it and shows its output; ends with its exit code,\n"
    "or with 125: not possible, 126: not executable, 127: no such command.\n"
    "With -- the image may be left out: it is `host`, made of this machine's own programs.\n"
    "In a terminal of its own (-it) ctrl-p ctrl-q leaves it running.",
    "run -it --rm host sh"};

static constexpr CommandHelp kCreateHelp = {
    "[OPTIONS] IMAGE COMMAND [ARG...]\n[OPTIONS] [IMAGE] -- COMMAND [ARG...]",
    "Makes a container for `start` and prints its id. With -- the image may be left out.",
    "create --name web host sleep 60"};

static constexpr CommandHelp kOrchestrateRunHelp = {
    "[OPTIONS] -- COMMAND [ARG...]",
    "Starts the command as a container in the background, its input open for `attach`, and\n"
    "prints its id. It is a plain process in this directory, or isolated: see --isolation.",
    "run --name hello -- echo \"hello world\""};

static constexpr CommandHelp kOrchestrateCreateHelp = {
    "[OPTIONS] -- COMMAND [ARG...]", "Makes a container for `start` and prints its id.",
    "create --name later -- sleep 60"};

// The rule of Docker's client: the daemon's words decide, not its status.
static int exit_code_for_message(std::string_view message) {
    const auto contains = [&](const char* text) { return message.find(text) != message.npos; };
    if (contains("executable file not found") || contains("no such file or directory")) return 127;
    if (contains("permission denied") || contains("is a directory")) return 126;
    return 125;
}

static void start_container(const Command& command, const std::string& id) {
    command.api().request("POST", ApiTarget{"/containers/", id, "/start"});
}

static int run_detached(const Command& command, const CreateRequest& request) {
    const std::string id = create_container(command, request);
    start_container(command, id);
    print(id + "\n");
    return 0;
}

struct RunRequest : CreateRequest {
    bool detach = false;
    bool proxy_signals = true;
    std::string detach_keys{};
};

static int run_attached(const Command& command, const RunRequest& request) {
    const bool input = request.attaches("stdin", request.open_stdin) && request.open_stdin;
    if (input && request.terminal) check_input_is_terminal();
    const DetachKeys check{request.detach_keys};  // before anything is made
    const std::string id = create_container(command, request);
    Attachment attachment{command.api(),
                          {.id = id,
                           .is_terminal = request.terminal,
                           .input = input,
                           .proxy_signals = request.proxy_signals,
                           .auto_remove = request.auto_remove,
                           .output = request.attaches("stdout", true),
                           .errors = request.attaches("stderr", true),
                           .from_the_beginning = true,
                           .detach_keys = request.detach_keys}};
    attachment.wait_for(request.auto_remove ? "removed" : "next-exit");
    start_container(command, id);
    return attachment.run();
}

static void add_stream(std::string_view text, std::vector<std::string>& streams) {
    std::string name{text};
    for (char& letter : name)
        letter = letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter;
    if (name != "stdin" && name != "stdout" && name != "stderr") {
        throw UsageError{"--attach " + printable(text) + ": there are stdin, stdout and stderr"};
    }
    streams.push_back(std::move(name));
}

static std::vector<Option> run_options(const ClientProgram& program, RunRequest& request) {
    auto options = create_options(program, request);
    if (!program.takes_image) return options;
    options.push_back(
        switch_option("-d --detach", "in the background; print its id", request.detach));
    options.push_back(
        switch_option("-i --interactive", "forward standard input", request.open_stdin));
    options.push_back({"-a --attach", "STREAM", "only stdin, stdout or stderr",
                       [&](std::string_view text) { add_stream(text, request.attach_to); }});
    options.push_back({"--sig-proxy", "true|false", "pass signals on to it (true)",
                       [&](std::string_view text) { request.proxy_signals = text != "false"; }});
    options.push_back(text_option("--detach-keys", "KEYS",
                                  "what leaves its terminal (ctrl-p,ctrl-q)", request.detach_keys));
    return options;
}

int run_command_run(const Command& command) {
    const bool takes_image = command.program().takes_image;
    RunRequest request;
    request.detach = !takes_image;
    const auto options = run_options(command.program(), request);
    const auto line = command.parse(takes_image ? kRunHelp : kOrchestrateRunHelp, options,
                                    Operands::after_options);
    take_image_and_command(command, line, request);
    if (!takes_image) request.open_stdin = true;
    request.attach = !request.detach;
    try {
        return request.detach ? run_detached(command, request) : run_attached(command, request);
    } catch (const ApiError& error) {
        command.report("", error);
        return exit_code_for_message(error.what());
    }
}

int run_command_create(const Command& command) {
    const bool takes_image = command.program().takes_image;
    CreateRequest request;
    auto options = create_options(command.program(), request);
    if (takes_image) {
        options.push_back(
            switch_option("-i --interactive", "keep its standard input open", request.open_stdin));
    }
    const auto line = command.parse(takes_image ? kCreateHelp : kOrchestrateCreateHelp, options,
                                    Operands::after_options);
    take_image_and_command(command, line, request);
    if (!takes_image) request.open_stdin = true;
    // Docker's client says so too: `start -a` may attach later.
    request.attach = takes_image;
    print(create_container(command, request) + "\n");
    return 0;
}
