// The options of `run` and `create`, by group.
#include <cstdlib>

#include "stage6-daemon-shim/core/client/body_options.hpp"
#include "stage6-daemon-shim/core/client/create_request.hpp"

// "NAME=value", or "NAME" for the value that it has here; where it has none it is left out.
static void add_variable(std::string_view text, std::vector<std::string>& environment) {
    if (text.empty() || text[0] == '=') {
        throw UsageError{"-e " + printable(text) + ": expected NAME=VALUE or NAME"};
    }
    if (text.find('=') != std::string_view::npos) {
        environment.emplace_back(text);
        return;
    }
    const char* value = std::getenv(std::string{text}.c_str());
    if (value != nullptr) environment.push_back(std::string{text} + "=" + value);
}

static void set_isolation(std::string_view text, std::string& isolation) {
    if (text != "none" && text != "default") {
        throw UsageError{"--isolation " + printable(text) + ": there are none and default"};
    }
    isolation = text;
}

static std::vector<Option> process_options(CreateRequest& request) {
    return {
        text_option("--name", "NAME", "its name; one is made up otherwise", request.name),
        {"-e --env", "NAME=VALUE", "a variable for its environment; NAME alone is copied",
         [&](std::string_view text) { add_variable(text, request.environment); }},
        {"--env-file", "FILE", "such variables, one a line",
         [&](std::string_view path) {
             for (const auto& line : lines_of_settings(std::string{path})) {
                 add_variable(line, request.file_environment);
             }
         }},
        text_option("-w --workdir", "DIR", "where its command starts", request.working_directory),
        text_field("-h --hostname", "NAME", "its host name", {request.body, "Hostname", false}),
        {"--entrypoint", "PROGRAM", "what is run with the command as its arguments",
         [&](std::string_view text) {
             request.body["Entrypoint"] = Json::array({std::string{text}});
         }},
        switch_option("-t --tty", "with a terminal of its own", request.terminal),
        text_field("--stop-signal", "SIGNAL", "what `stop` sends, if not SIGTERM",
                   {request.body, "StopSignal", false}),
        number_field("--stop-timeout", "how many seconds `stop` waits before it kills (10)",
                     {request.body, "StopTimeout", false}, -1),
        text_field("--network --net", "none|host", "its own with loopback alone, or this machine's",
                   {request.body, "NetworkMode"}),
        {"--isolation", "none|default", "none: a plain process; default: a container",
         [&](std::string_view text) { set_isolation(text, request.isolation); }},
        switch_option("--rm", "remove it when it has ended", request.auto_remove),
        text_option("--cidfile", "FILE", "write its id there", request.id_file),
    };
}

static std::vector<Option> label_options(CreateRequest& request) {
    const BodyField labels{request.body, "Labels", false};
    const Option label = member_field("-l --label", "a note on it, for filters", labels);
    return {label,
            {"--label-file", "FILE", "such notes, one a line", [apply = label.apply](auto path) {
                 for (const auto& line : lines_of_settings(std::string{path})) apply(line);
             }}};
}

static std::vector<Option> file_options(CreateRequest& request) {
    const BodyField binds{request.body, "Binds"};
    const BodyField mounts{request.body, "Mounts"};
    return {
        {"-v --volume", "SRC:DST[:ro]", "a directory or file of this machine's",
         [binds](std::string_view text) { binds.get().push_back(absolute_bind(text)); }},
        {"--mount", "OPTIONS", "the same in words: type=bind,source=/a,target=/b,readonly",
         [mounts](std::string_view text) { mounts.get().push_back(parse_mount(text)); }},
    };
}

static std::vector<Option> log_options(CreateRequest& request) {
    const BodyField config{request.body, "LogConfig"};
    return {
        {"--log-driver", "NAME", "json-file, the one there is",
         [config](std::string_view text) { config.get()["Type"] = text; }},
        {"--log-opt", "NAME=VALUE", "of its log: max-size=10m, max-file=3",
         [config](std::string_view text) {
             const auto at = std::min(text.find('='), text.size());
             config.get()["Config"][text.substr(0, at)] =
                 at == text.size() ? "" : text.substr(at + 1);
         }},
        switch_field("--init", "a small init as its process 1, which reaps orphans",
                     {request.body, "Init"}),
    };
}

static void check_pull(std::string_view text) {
    if (text == "missing" || text == "never") return;
    if (text == "always") throw UsageError{"--pull always: there is no registry here"};
    throw UsageError{"--pull " + printable(text) + ": there are missing and never"};
}

static std::vector<Option> image_options() {
    const auto refuse = [](std::string_view text) {
        throw UsageError{"--publish " + printable(text) +
                         ": not built in: ports cannot be published, there are the networks none "
                         "and host"};
    };
    return {{"--pull", "missing|never", "both: images are those that are here", check_pull},
            {"-p --publish", "PORT", "not built in", refuse}};
}

std::vector<Option> create_options(const ClientProgram& program, CreateRequest& request) {
    std::vector<Option> options;
    const auto add = [&](std::vector<Option> more) {
        for (Option& option : more) options.push_back(std::move(option));
    };
    add(process_options(request));
    add(label_options(request));
    add(limit_options(request.body, true));
    if (program.takes_image) {
        add(file_options(request));
        add(log_options(request));
        add(image_options());
    }
    for (const ClientFeature& feature : program.features) {
        if (feature.create_options != nullptr) add(feature.create_options(request.body));
    }
    return options;
}
