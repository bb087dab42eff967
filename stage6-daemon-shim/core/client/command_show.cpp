// inspect, version and info.
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr int kNotFound = 404;

// A container of that name or else an image.
static Json inspect_object(const Command& command, const std::string& name,
                           const std::string& type) {
    for (const auto& [kind, target] :
         {std::pair{"container", ApiTarget{"/containers/", name, "/json"}},
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

int run_command_inspect(const Command& command) {
    std::string type;
    const auto names = command.parse_names(
        {"[OPTIONS] NAME...", "Shows all that is known of containers or images, as JSON."},
        {{"--type", "container|image", "look for this kind only", [&](std::string_view text) {
              if (text != "container" && text != "image") {
                  throw UsageError{"--type " + printable(text) + ": there are container and image"};
              }
              type = text;
          }}});
    Json found = Json::array();
    const int exit_code = command.for_each(names, [&](const std::string& name) {
        found.push_back(inspect_object(command, name, type));
    });
    print(found.indented_text() + "\n");
    return exit_code;
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

int run_command_version(const Command& command) {
    static constexpr ShownField fields[] = {
        {" Version", "Version"}, {" API version", "ApiVersion"}, {" Oldest API", "MinAPIVersion"},
        {" OS", "Os"},           {" Architecture", "Arch"},      {" Kernel", "KernelVersion"},
    };
    command.parse({"[OPTIONS]", "Shows the versions of client and daemon."}, {});
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
    command.parse({"[OPTIONS]", "Shows what the daemon says of itself and its machine."}, {});
    const Json info = command.api().get(ApiTarget{"/info"});
    const JsonReader server{info};
    print("Client:\n Version: " + std::string{kVersion} + "\n\nServer:\n" +
          fields_text(server, fields));
    for (const auto& warning : server.get_strings("Warnings")) {
        write_all(STDERR_FILENO, printable(warning) + "\n", "standard error");
    }
    return 0;
}
