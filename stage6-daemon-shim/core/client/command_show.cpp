// inspect, version, info and `network ls`.
#include <optional>

#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/client/lists.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/client/template.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr int kNotFound = 404;

struct InspectRequest {
    std::string type;  // "container" or "image"; empty: either
    bool size = false;
};

// A container of that name or else an image.
static Json inspect_object(const Command& command, const std::string& name,
                           const InspectRequest& request) {
    const std::string& type = request.type;
    for (const auto& [kind, target] :
         {std::pair{"container",
                    ApiTarget{"/containers/", name, "/json"}.with_flag("size", request.size)},
          {"image", ApiTarget{"/images/", name, "/json"}}}) {
        if (!type.empty() && type != kind) continue;
        try {
            return command.api().get(target);
        } catch (const ApiError& error) {
            if (error.status() != kNotFound) throw;
        }
    }
    throw ApiError{kNotFound,
                   "No such " + (type.empty() ? "object" : type) + ": " + printable(name)};
}

static void set_type(std::string_view text, std::string& type) {
    if (text != "container" && text != "image") {
        throw UsageError{"--type " + printable(text) + ": there are container and image"};
    }
    type = text;
}

// `only` fixes the kind: "container inspect".
static int inspect_objects(const Command& command, const std::string& only) {
    InspectRequest request{.type = only};
    std::string format;
    std::vector<Option> options = {
        text_option("-f --format", "FORMAT", "json, or a template: '{{.State.Pid}}'", format),
        switch_option("-s --size", "how much a container has written, too", request.size)};
    if (only.empty()) {
        options.push_back({"--type", "container|image", "look for this kind only",
                           [&](std::string_view text) { set_type(text, request.type); }});
    }
    const auto names = command.parse_names(
        {"[OPTIONS] NAME...",
         "Shows all that is known of " +
             std::string{only.empty() ? "containers or images" : only + "s"} +
             ", as JSON. A template may have\n"
             "paths, and json, lower, upper, title, len, index, join, truncate, println; it has "
             "no\nrange and no if.",
         only == "image" ? "inspect host"
                         : "inspect -f '{{.State.Status}} {{json .Config.Env}}' web"},
        options);
    const Template wanted{format == "json" ? "{{json .}}" : format};
    Json found = Json::array();
    const int exit_code = command.for_each(names, [&](const std::string& name) {
        const Json object = inspect_object(command, name, request);
        if (format.empty()) {
            found.push_back(object);
        } else {
            print(wanted.render(object) + "\n");
        }
    });
    if (format.empty()) print(found.indented_text() + "\n");
    return exit_code;
}

int run_command_inspect(const Command& command) {
    return inspect_objects(command, "");
}

int run_command_container_inspect(const Command& command) {
    return inspect_objects(command, "container");
}

int run_command_image_inspect(const Command& command) {
    return inspect_objects(command, "image");
}

struct ShownField {
    const char* label;
    const char* name;
};

// "Label: value" for each member that is there.
static std::string fields_text(const JsonReader& object, std::span<const ShownField> fields) {
    std::string text;
    for (const auto& [label, name] : fields) {
        const Json* value = object.find(name);
        if (value == nullptr) continue;
        std::string shown = value->is_string() ? value->as_string() : value->text();
        if (std::string_view{name} == "MemTotal") shown = memory_text(object.get_integer(name));
        text.append(label).append(": ").append(printable(shown)).append("\n");
    }
    return text;
}

// The options of a command that shows one object, and the template, if one is asked for.
static std::optional<Template> parse_format(const Command& command, const CommandHelp& help) {
    std::string format;
    const auto line = command.parse(
        help, {text_option("-f --format", "FORMAT", "json, or a template: '{{.ID}}'", format)});
    if (!line.operands.empty()) {
        throw command.usage_error("unexpected argument " + printable(line.operands[0]));
    }
    if (format.empty()) return {};
    return Template{format == "json" ? "{{json .}}" : format};
}

int run_command_version(const Command& command) {
    static constexpr ShownField fields[] = {
        {" Version", "Version"}, {" API version", "ApiVersion"}, {" Oldest API", "MinAPIVersion"},
        {" OS", "Os"},           {" Architecture", "Arch"},      {" Kernel", "KernelVersion"},
    };
    const auto format =
        parse_format(command, {"[OPTIONS]", "Shows the versions of client and daemon.",
                               "version --format '{{.Server.Version}}'"});
    const Json client = Json::object(
        {{"Name", command.program().name}, {"Version", kVersion}, {"ApiVersion", kApiVersion}});
    if (format) {
        const Json both = Json::object(
            {{"Client", client}, {"Server", command.api().get(ApiTarget{"/version"})}});
        print(format->render(both) + "\n");
        return 0;
    }
    print("Client: " + std::string{command.program().name} + "\n Version: " +
          std::string{kVersion} + "\n API version: " + std::string{kApiVersion} + "\n");
    const Json version = command.api().get(ApiTarget{"/version"});
    print("\nServer:\n" + fields_text(JsonReader{version}, fields));
    return 0;
}

int run_command_info(const Command& command) {
    static constexpr ShownField fields[] = {
        {" Containers", "Containers"},
        {"  Running", "ContainersRunning"},
        {"  Paused", "ContainersPaused"},
        {"  Stopped", "ContainersStopped"},
        {" Images", "Images"},
        {" Server Version", "ServerVersion"},
        {" Storage Driver", "Driver"},
        {" Logging Driver", "LoggingDriver"},
        {" Cgroup Driver", "CgroupDriver"},
        {" Cgroup Version", "CgroupVersion"},
        {" Default Runtime", "DefaultRuntime"},
        {" Security Options", "SecurityOptions"},
        {" Kernel Version", "KernelVersion"},
        {" Operating System", "OperatingSystem"},
        {" OSType", "OSType"},
        {" Architecture", "Architecture"},
        {" CPUs", "NCPU"},
        {" Total Memory", "MemTotal"},
        {" Name", "Name"},
        {" ID", "ID"},
        {" Root Dir", "DockerRootDir"},
    };
    const auto format =
        parse_format(command, {"[OPTIONS]", "Shows what the daemon says of itself and its machine.",
                               "info --format '{{.Driver}} {{.CgroupVersion}}'"});
    const Json info = command.api().get(ApiTarget{"/info"});
    if (format) {
        print(format->render(info) + "\n");
        return 0;
    }
    const JsonReader server{info};
    print("Client:\n Version: " + std::string{kVersion} + "\n\nServer:\n" +
          fields_text(server, fields));
    for (const auto& warning : server.get_strings("Warnings")) {
        write_all(STDERR_FILENO, printable(warning) + "\n", "standard error");
    }
    return 0;
}

static constexpr ListColumn kNetworkColumns[] = {
    {"ID", "NETWORK ID"}, {"Name", "NAME"}, {"Driver", "DRIVER"}, {"Scope", "SCOPE"}};

int run_command_network_ls(const Command& command) {
    bool quiet = false;
    std::string format_text;
    const auto line = command.parse(
        {"[OPTIONS]", "Lists the networks that there are: none and host.", "network ls"},
        {switch_option("-q --quiet", "only their ids", quiet), format_option(format_text)});
    if (!line.operands.empty()) {
        throw command.usage_error("unexpected argument " + printable(line.operands[0]));
    }
    const ListFormat format{quiet ? "{{.ID}}" : format_text,
                            "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}"};
    const Json wrapped = Json::object({{"list", command.api().get(ApiTarget{"/networks"})}});
    std::vector<Json> rows;
    for (const auto& network : JsonReader{wrapped}.get_objects("list")) {
        rows.push_back(Json::object({{"ID", id_text(network.get_string("Id"), false)},
                                     {"Name", network.get_string("Name")},
                                     {"Driver", network.get_string("Driver")},
                                     {"Scope", network.get_string("Scope")}}));
    }
    print(format.text(kNetworkColumns, rows, false));
    return 0;
}
