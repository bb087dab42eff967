// Commands that do one thing to each container that they are given.
#include <climits>

#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/attach.hpp"
#include "stage6-daemon-shim/core/client/body_options.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr int kNotFound = 404;

static ApiTarget container_target(const std::string& name, std::string_view verb) {
    return ApiTarget{"/containers/", name, verb};
}

static Option signal_option(std::string_view help, std::string& signal) {
    return text_option("-s --signal", "SIGNAL", help, signal);
}

static Option timeout_option(std::string& seconds) {
    return {"-t --time --timeout", "SECONDS", "how long to wait before it is killed (10)",
            [&seconds](std::string_view text) {
                seconds = std::to_string(parse_number(text, "--time", -1, INT_MAX));
            }};
}

static int stop_or_restart(const Command& command, const CommandHelp& help, std::string_view verb) {
    std::string signal, seconds;
    const auto names = command.parse_names(
        help, {signal_option("what to ask with, if not SIGTERM", signal), timeout_option(seconds)});
    return command.for_each(names, [&](const std::string& name) {
        command.api().request(
            "POST",
            container_target(name, verb).with_text("signal", signal).with_text("t", seconds));
        print(name + "\n");
    });
}

int run_command_stop(const Command& command) {
    return stop_or_restart(
        command,
        {"[OPTIONS] CONTAINER...",
         "Sends SIGTERM and, to what is still there after a while, SIGKILL.", "stop -t 2 web"},
        "/stop");
}

int run_command_restart(const Command& command) {
    return stop_or_restart(
        command, {"[OPTIONS] CONTAINER...", "Stops each and starts it again.", "restart web"},
        "/restart");
}

int run_command_kill(const Command& command) {
    std::string signal;
    const auto names = command.parse_names(
        {"[OPTIONS] CONTAINER...",
         "Sends SIGKILL, or another signal, to the first process of each.", "kill -s HUP web"},
        {signal_option("which, by name or number (KILL)", signal)});
    return command.for_each(names, [&](const std::string& name) {
        command.api().request("POST", container_target(name, "/kill").with_text("signal", signal));
        print(name + "\n");
    });
}

static int post_to_each(const Command& command, const CommandHelp& help, std::string_view verb) {
    const auto names = command.parse_names(help, {});
    return command.for_each(names, [&](const std::string& name) {
        command.api().request("POST", container_target(name, verb));
        print(name + "\n");
    });
}

int run_command_pause(const Command& command) {
    return post_to_each(command, {"CONTAINER...", "Freezes all processes of each.", "pause web"},
                        "/pause");
}

int run_command_unpause(const Command& command) {
    return post_to_each(
        command, {"CONTAINER...", "Lets the processes of each go on.", "unpause web"}, "/unpause");
}

int run_command_rm(const Command& command) {
    bool force = false;
    bool volumes = false;
    const auto names =
        command.parse_names({"[OPTIONS] CONTAINER...",
                             "Removes containers with all that belongs to them.", "rm -f web"},
                            {switch_option("-f --force", "also one that runs: it is killed", force),
                             switch_option("-v --volumes", "its nameless volumes too", volumes)});
    return command.for_each(names, [&](const std::string& name) {
        try {
            command.api().request(
                "DELETE",
                container_target(name, "").with_flag("force", force).with_flag("v", volumes));
            print(name + "\n");
        } catch (const ApiError& error) {
            // With force it is enough that there is none.
            if (!force || error.status() != kNotFound) throw;
            command.report(name, error);
        }
    });
}

int run_command_rename(const Command& command) {
    const auto names = command.parse_names(
        {"CONTAINER NEW_NAME", "Gives a container another name.", "rename web old-web"}, {}, 2, 2);
    command.api().request("POST", container_target(names[0], "/rename").with("name", names[1]));
    return 0;
}

int run_command_update(const Command& command) {
    Json body = Json::object();
    auto options = limit_options(body, false);
    options.push_back(
        {"--restart", "POLICY", "what happens at its end: no, always, on-failure:3",
         [&](std::string_view text) { body["RestartPolicy"] = parse_restart_policy(text); }});
    const auto names = command.parse_names(
        {"[OPTIONS] CONTAINER...", "Changes the limits of containers, also while they run.",
         "update --memory 128m --restart on-failure:3 web"},
        options);
    if (body.as_object().empty()) {
        throw command.usage_error("nothing to change: at least one option is needed");
    }
    return command.for_each(names, [&](const std::string& name) {
        const Json answer = command.api().post(container_target(name, "/update"), body);
        for (const auto& warning : JsonReader{answer}.get_strings("Warnings")) {
            write_all(STDERR_FILENO, "WARNING: " + printable(warning) + "\n", "standard error");
        }
        print(name + "\n");
    });
}

int run_command_wait(const Command& command) {
    const auto names = command.parse_names(
        {"CONTAINER...", "Waits for each to end and prints its exit code.", "wait web"}, {});
    return command.for_each(names, [&](const std::string& name) {
        HttpConnection answer = command.api().open_stream("POST", container_target(name, "/wait"));
        std::string body;
        while (answer.receive(body)) {
        }
        print(std::to_string(exit_code_from_wait(body)) + "\n");
    });
}
