// attach, start and exec: commands that may take over our terminal.
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/attach.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static Json inspect(const Command& command, const std::string& name) {
    return command.api().get(ApiTarget{"/containers/", name, "/json"});
}

// What Docker's client refuses before it asks.
static void check_attachable(const JsonReader& state) {
    const auto refuse = [](const char* what, const char* advice) {
        throw Failure{std::string{"You cannot attach to a "} + what + " container, " + advice};
    };
    if (!state.get_bool("Running")) refuse("stopped", "start it first");
    if (state.get_bool("Paused")) refuse("paused", "unpause it first");
    if (state.get_bool("Restarting")) refuse("restarting", "wait until it is running");
}

static AttachRequest request_for(const Json& inspected, bool wants_input, bool proxy_signals) {
    const JsonReader container{inspected};
    const JsonReader config = container.get_object("Config");
    const bool is_terminal = config.get_bool("Tty");
    return {.id = container.get_string("Id"),
            .is_terminal = is_terminal,
            .input = wants_input && config.get_bool("OpenStdin"),
            .proxy_signals = proxy_signals && !is_terminal,
            .auto_remove = container.get_object("HostConfig").get_bool("AutoRemove"),
            .may_detach = is_terminal || !config.get_bool("StdinOnce")};
}

int run_command_attach(const Command& command) {
    bool no_stdin = false;
    bool proxy_signals = true;
    const auto name = command.parse_names(
        {"[OPTIONS] CONTAINER",
         "Shows what a running container prints from now on, and forwards our input and our\n"
         "signals to it. Ends with its exit code, or when our input ends, where the container's\n"
         "input stays open for others."},
        {switch_option("--no-stdin", "do not forward standard input", no_stdin),
         {"--sig-proxy", "true|false", "pass signals on to it (true)",
          [&](std::string_view text) { proxy_signals = text != "false"; }}},
        1, 1)[0];
    const Json inspected = inspect(command, name);
    check_attachable(JsonReader{inspected}.get_object("State"));
    Attachment attachment{command.api(), request_for(inspected, !no_stdin, proxy_signals)};
    attachment.wait_for("not-running");
    return attachment.run();
}

static int start_attached(const Command& command, const std::string& name, bool interactive) {
    const Json inspected = inspect(command, name);
    const AttachRequest request = request_for(inspected, interactive, true);
    Attachment attachment{command.api(), request};
    attachment.wait_for(request.auto_remove ? "removed" : "next-exit");
    command.api().request("POST", ApiTarget{"/containers/", request.id, "/start"});
    return attachment.run();
}

int run_command_start(const Command& command) {
    bool attach = false;
    bool interactive = false;
    const auto names = command.parse_names(
        {"[OPTIONS] CONTAINER...", "Starts containers that were made by `create` or have ended."},
        {switch_option("-a --attach", "show its output and end with its exit code", attach),
         switch_option("-i --interactive", "the same, and forward standard input", interactive)});
    if (attach || interactive) {
        if (names.size() > 1) {
            throw command.usage_error("you cannot start and attach multiple containers at once");
        }
        return start_attached(command, names[0], interactive);
    }
    return command.for_each(names, [&](const std::string& name) {
        command.api().request("POST", ApiTarget{"/containers/", name, "/start"});
        print(name + "\n");
    });
}

struct ExecRequest {
    std::string container, working_directory;
    std::vector<std::string> environment, command;
    bool detach = false;
    bool interactive = false;
};

static std::string create_exec(const Command& command, const ExecRequest& request) {
    const Json body = Json::object({
        {"AttachStdin", request.interactive && !request.detach},
        {"AttachStdout", !request.detach},
        {"AttachStderr", !request.detach},
        {"Detach", request.detach},
        {"Tty", false},
        {"Env", Json::array(request.environment)},
        {"WorkingDir", request.working_directory},
        {"Cmd", Json::array(request.command)},
    });
    const Json made =
        command.api().post(ApiTarget{"/containers/", request.container, "/exec"}, body);
    return JsonReader{made}.get_string("Id");
}

static int run_exec(const Command& command, const ExecRequest& request) {
    const std::string id = create_exec(command, request);
    const ApiTarget start{"/exec/", id, "/start"};
    const Json body = Json::object({{"Detach", request.detach}, {"Tty", false}});
    if (request.detach) {
        command.api().request("POST", start, body);
        return 0;
    }
    StreamSession session{command.api().upgrade(start, body), request.interactive,
                          StreamFormat::frames};
    if (!session.stream_to_end()) throw ConnectionLost{"the daemon closed the connection"};
    // The daemon stores the code before it ends the stream.
    const Json ended = command.api().get(ApiTarget{"/exec/", id, "/json"});
    const JsonReader result{ended};
    if (!result.has("ExitCode")) throw Failure{"the daemon does not know the exit code"};
    return static_cast<int>(result.get_integer("ExitCode"));
}

int run_command_exec(const Command& command) {
    ExecRequest request;
    std::vector<Option> options = {
        switch_option("-d --detach", "in the background", request.detach),
        {"-e --env", "NAME=VALUE", "one more variable for its environment",
         [&](std::string_view text) { request.environment.emplace_back(text); }},
        text_option("-w --workdir", "DIR", "where it starts", request.working_directory)};
    if (command.program().takes_image) {
        options.push_back(
            switch_option("-i --interactive", "forward standard input", request.interactive));
    } else {
        request.interactive = true;  // the article's exec always does
    }
    auto words = command
                     .parse({"[OPTIONS] CONTAINER [--] COMMAND [ARG...]",
                             "Runs one more command in a running container and ends with its "
                             "exit code."},
                            options, Operands::after_options)
                     .operands;
    if (words.size() > 1 && words[1] == "--") words.erase(words.begin() + 1);
    if (words.size() < 2) throw command.usage_error("a container and a command are needed");
    request.container = words[0];
    request.command.assign(words.begin() + 1, words.end());
    return run_exec(command, request);
}
