// exec: one more command in a running container.
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/attach.hpp"
#include "stage6-daemon-shim/core/client/body_options.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

struct ExecRequest {
    std::string container, working_directory, user, detach_keys;
    std::vector<std::string> environment, command;
    bool detach = false;
    bool interactive = false;
    bool terminal = false;
    bool privileged = false;
};

// The size that the terminal has from its first moment on.
static void add_size(const ExecRequest& request, Json& body) {
    const TerminalSize size = terminal_size();
    if (request.terminal && size.known()) {
        body["ConsoleSize"] = Json::array({size.rows, size.columns});
    }
}

static std::string create_exec(const Command& command, const ExecRequest& request) {
    Json body = Json::object({
        {"AttachStdin", request.interactive && !request.detach},
        {"AttachStdout", !request.detach},
        {"AttachStderr", !request.detach},
        {"Detach", request.detach},
        {"DetachKeys", request.detach_keys},
        {"Tty", request.terminal},
        {"Privileged", request.privileged},
        {"User", request.user},
        {"Env", Json::array(request.environment)},
        {"WorkingDir", request.working_directory},
        {"Cmd", Json::array(request.command)},
    });
    add_size(request, body);
    const Json made =
        command.api().post(ApiTarget{"/containers/", request.container, "/exec"}, body);
    return JsonReader{made}.get_string("Id");
}

static void resize_exec(ApiClient& api, const std::string& id, TerminalSize size) {
    try {
        api.request("POST", ApiTarget{"/exec/", id, "/resize"}
                                .with("h", std::to_string(size.rows))
                                .with("w", std::to_string(size.columns)));
    } catch (const Failure&) {
        // It has ended meanwhile, or the daemon is gone: the stream tells.
    }
}

// Shows it until it has ended. False when the user has left it by the detach keys.
static bool stream_exec(ApiClient& api, const ExecRequest& request, const std::string& id,
                        StreamSession& session) {
    std::optional<LentTerminal> terminal;
    if (request.terminal) {
        session.handle_signals([&](int signal) {
            if (!terminal || !terminal->take_signal(signal)) throw EndedBySignal{signal};
        });
        if (request.interactive) session.detach_at(DetachKeys{request.detach_keys});
        terminal.emplace(request.interactive,
                         [&](TerminalSize size) { resize_exec(api, id, size); });
    }
    if (!session.stream_to_end()) throw ConnectionLost{"the daemon closed the connection"};
    return !session.detached();
}

static int run_exec(const Command& command, const ExecRequest& request) {
    const std::string id = create_exec(command, request);
    const ApiTarget start{"/exec/", id, "/start"};
    Json body = Json::object({{"Detach", request.detach}, {"Tty", request.terminal}});
    add_size(request, body);
    if (request.detach) {
        command.api().request("POST", start, body);
        return 0;
    }
    StreamSession session{command.api().upgrade(start, body), request.interactive,
                          request.terminal ? StreamFormat::raw : StreamFormat::frames};
    if (!stream_exec(command.api(), request, id, session)) {
        report_detached();
        return 1;
    }
    // The daemon stores the code before it ends the stream.
    const Json ended = command.api().get(ApiTarget{"/exec/", id, "/json"});
    const JsonReader result{ended};
    if (!result.has("ExitCode")) throw Failure{"the daemon does not know the exit code"};
    return static_cast<int>(result.get_integer("ExitCode"));
}

static std::vector<Option> exec_options(ExecRequest& request, bool with_interactive) {
    std::vector<Option> options = {
        switch_option("-d --detach", "in the background", request.detach),
        switch_option("-t --tty", "with a terminal of its own", request.terminal),
        list_option("-e --env", "NAME=VALUE", "one more variable for its environment",
                    request.environment),
        {"--env-file", "FILE", "such variables, one a line",
         [&](std::string_view path) {
             for (auto& line : lines_of_settings(std::string{path})) {
                 request.environment.push_back(std::move(line));
             }
         }},
        text_option("-w --workdir", "DIR", "where it starts", request.working_directory),
        text_option("-u --user", "USER[:GROUP]", "who it runs as", request.user),
        switch_option("--privileged", "with all that the daemon may do", request.privileged),
        {"--detach-keys", "KEYS", "what leaves its terminal (ctrl-p,ctrl-q)",
         [&](std::string_view text) {
             const DetachKeys check{text};
             request.detach_keys = text;
         }}};
    if (with_interactive) {
        options.push_back(
            switch_option("-i --interactive", "forward standard input", request.interactive));
    }
    return options;
}

int run_command_exec(const Command& command) {
    ExecRequest request;
    const bool takes_image = command.program().takes_image;
    auto words = command
                     .parse({"[OPTIONS] CONTAINER [--] COMMAND [ARG...]",
                             "Runs one more command in a running container and ends with its "
                             "exit code.",
                             takes_image ? "exec -it web sh" : "exec shell -- ps aux"},
                            exec_options(request, takes_image), Operands::after_options)
                     .operands;
    if (!takes_image) request.interactive = true;  // the article's exec always forwards it
    if (words.size() > 1 && words[1] == "--") words.erase(words.begin() + 1);
    if (words.size() < 2) throw command.usage_error("a container and a command are needed");
    request.container = words[0];
    request.command.assign(words.begin() + 1, words.end());
    if (request.interactive && request.terminal && !request.detach) check_input_is_terminal();
    return run_exec(command, request);
}
