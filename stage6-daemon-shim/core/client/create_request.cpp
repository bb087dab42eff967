#include "stage6-daemon-shim/core/client/create_request.hpp"

#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <map>

#include "common/file.hpp"
#include "common/process.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static std::string current_directory() {
    char path[PATH_MAX];
    if (::getcwd(path, sizeof path) == nullptr) throw SystemError{errno, "getcwd"};
    return path;
}

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

static std::vector<Option> own_options(CreateRequest& request) {
    return {
        text_option("--name", "NAME", "its name; one is made up otherwise", request.name),
        {"-e --env", "NAME=VALUE", "a variable for its environment; NAME alone is copied",
         [&](std::string_view text) { add_variable(text, request.environment); }},
        text_option("-w --workdir", "DIR", "where its command starts", request.working_directory),
        text_option("-h --hostname", "NAME", "its host name", request.hostname),
        {"-m --memory", "SIZE", "how much memory it may use: 64m, 1g",
         [&](std::string_view text) { request.memory_bytes = parse_bytes(text, "--memory"); }},
        {"--cpus", "N", "how many CPUs it may use: 0.5",
         [&](std::string_view text) { request.nano_cpus = parse_nano_cpus(text, "--cpus"); }},
        {"--pids-limit", "N", "how many processes it may have; -1 for any number",
         [&](std::string_view text) {
             request.pids_limit = parse_number(text, "--pids-limit", -1, INT_MAX);
         }},
        text_option("--network", "none|host", "its own with loopback alone, or this machine's",
                    request.network),
        {"--isolation", "none|default", "none: a plain process; default: a container",
         [&](std::string_view text) { set_isolation(text, request.isolation); }},
    };
}

std::vector<Option> create_options(const ClientProgram& program, CreateRequest& request) {
    std::vector<Option> options = own_options(request);
    for (const ClientFeature& feature : program.features) {
        for (Option& option : feature.create_options(request.body)) {
            options.push_back(std::move(option));
        }
    }
    return options;
}

void take_image_and_command(const Command& command, const CommandLine& line,
                            CreateRequest& request) {
    auto words = line.operands;
    if (command.program().takes_image && !line.separated && !words.empty()) {
        request.image = words.front();
        words.erase(words.begin());
        if (!words.empty() && words.front() == "--") words.erase(words.begin());
    }
    if (words.empty() && (line.separated || line.operands.empty())) {
        throw command.usage_error("the command to run is missing");
    }
    request.command = std::move(words);
    if (request.isolation.empty()) request.isolation = command.program().isolation;
    if (request.isolation != "none") return;
    // A plain process starts as our own child would.
    if (request.working_directory.empty()) request.working_directory = current_directory();
    auto environment = current_environment();
    environment.insert(environment.end(), request.environment.begin(), request.environment.end());
    request.environment = std::move(environment);
}

// Of several entries with one name the last counts, and it alone is sent.
static std::vector<std::string> merged(const std::vector<std::string>& environment) {
    std::map<std::string_view, std::string_view> last;
    for (const std::string_view entry : environment) {
        last[entry.substr(0, entry.find('='))] = entry;
    }
    std::vector<std::string> result;
    for (const auto& [name, entry] : last) result.emplace_back(entry);
    return result;
}

static Json create_body(const CreateRequest& request) {
    Json body = request.body;
    body["Image"] = request.image;
    body["Cmd"] = Json::array(request.command);
    body["Env"] = Json::array(merged(request.environment));
    body["WorkingDir"] = request.working_directory;
    body["Hostname"] = request.hostname;
    body["AttachStdin"] = request.attach && request.open_stdin;
    body["AttachStdout"] = request.attach;
    body["AttachStderr"] = request.attach;
    body["OpenStdin"] = request.open_stdin;
    body["StdinOnce"] = request.attach && request.open_stdin;
    body["Tty"] = false;
    Json& host = body["HostConfig"];
    host["Isolation"] = request.isolation;
    if (request.auto_remove) host["AutoRemove"] = true;
    if (request.memory_bytes != 0) host["Memory"] = request.memory_bytes;
    if (request.nano_cpus != 0) host["NanoCpus"] = request.nano_cpus;
    if (request.pids_limit != 0) host["PidsLimit"] = request.pids_limit;
    if (!request.network.empty()) host["NetworkMode"] = request.network;
    return body;
}

std::string create_container(const Command& command, const CreateRequest& request) {
    const ApiTarget target = ApiTarget{"/containers/create"}.with_text("name", request.name);
    const Json answer = command.api().post(target, create_body(request));
    const JsonReader reader{answer};
    for (const auto& warning : reader.get_strings("Warnings")) {
        write_all(STDERR_FILENO, "WARNING: " + printable(warning) + "\n", "standard error");
    }
    return reader.get_string("Id");
}
