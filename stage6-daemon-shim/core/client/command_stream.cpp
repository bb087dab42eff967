// attach and start: commands that may take over our terminal.
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

struct StreamWishes {
    bool input = false;
    bool proxy_signals = true;
    std::string detach_keys{};
};

static AttachRequest request_for(const Json& inspected, const StreamWishes& wishes) {
    const JsonReader container{inspected};
    const JsonReader config = container.get_object("Config");
    const bool is_terminal = config.get_bool("Tty");
    const bool input = wishes.input && config.get_bool("OpenStdin");
    if (input && is_terminal) check_input_is_terminal();
    return {.id = container.get_string("Id"),
            .is_terminal = is_terminal,
            .input = input,
            .proxy_signals = wishes.proxy_signals && !is_terminal,
            .auto_remove = container.get_object("HostConfig").get_bool("AutoRemove"),
            .detach_keys = wishes.detach_keys,
            .may_detach = is_terminal || !config.get_bool("StdinOnce")};
}

static Option keys_option(std::string& keys) {
    return {"--detach-keys", "KEYS", "what leaves its terminal (ctrl-p,ctrl-q)",
            [&keys](std::string_view text) {
                const DetachKeys check{text};
                keys = text;
            }};
}

int run_command_attach(const Command& command) {
    StreamWishes wishes{.input = true};
    const auto name = command.parse_names(
        {"[OPTIONS] CONTAINER",
         "Shows what a running container prints from now on, and forwards our input and our\n"
         "signals to it. Ends with its exit code, or when our input ends, where the container's\n"
         "input stays open for others. In a container's terminal ctrl-p ctrl-q leaves it running.",
         "attach shell"},
        {{"--no-stdin", "", "do not forward standard input",
          [&](std::string_view) { wishes.input = false; }},
         {"--sig-proxy", "true|false", "pass signals on to it (true)",
          [&](std::string_view text) { wishes.proxy_signals = text != "false"; }},
         keys_option(wishes.detach_keys)},
        1, 1)[0];
    const Json inspected = inspect(command, name);
    check_attachable(JsonReader{inspected}.get_object("State"));
    const AttachRequest request = request_for(inspected, wishes);
    Attachment attachment{command.api(), request};
    attachment.wait_for("not-running");
    if (request.is_terminal) attachment.redraw();
    return attachment.run();
}

static int start_attached(const Command& command, const std::string& name,
                          const StreamWishes& wishes) {
    const Json inspected = inspect(command, name);
    const AttachRequest request = request_for(inspected, wishes);
    Attachment attachment{command.api(), request};
    attachment.wait_for(request.auto_remove ? "removed" : "next-exit");
    command.api().request("POST", ApiTarget{"/containers/", request.id, "/start"});
    if (request.is_terminal) attachment.redraw();
    return attachment.run();
}

int run_command_start(const Command& command) {
    bool attach = false;
    StreamWishes wishes;
    const auto names = command.parse_names(
        {"[OPTIONS] CONTAINER...", "Starts containers that were made by `create` or have ended.",
         "start -a web"},
        {switch_option("-a --attach", "show its output and end with its exit code", attach),
         switch_option("-i --interactive", "the same, and forward standard input", wishes.input),
         keys_option(wishes.detach_keys)});
    if (attach || wishes.input) {
        if (names.size() > 1) {
            throw command.usage_error("you cannot start and attach multiple containers at once");
        }
        return start_attached(command, names[0], wishes);
    }
    return command.for_each(names, [&](const std::string& name) {
        command.api().request("POST", ApiTarget{"/containers/", name, "/start"});
        print(name + "\n");
    });
}
