#include "stage6-daemon-shim/core/client/create_request.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <map>

#include "common/file.hpp"
#include "common/process.hpp"
#include "stage6-daemon-shim/core/client/terminal.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

bool CreateRequest::attaches(std::string_view stream, bool usual) const {
    if (!attach) return false;
    return attach_to.empty() ? usual : std::ranges::find(attach_to, stream) != attach_to.end();
}

static std::string current_directory() {
    char path[PATH_MAX];
    if (::getcwd(path, sizeof path) == nullptr) throw SystemError{errno, "getcwd"};
    return path;
}

static void check_conflicts(const Command& command, const CreateRequest& request) {
    const JsonReader host = JsonReader{request.body}.get_object("HostConfig");
    const std::string restart = host.get_object("RestartPolicy").get_string("Name", "no");
    if (request.auto_remove && restart != "no") {
        throw command.usage_error("conflicting options: cannot specify both --restart and --rm");
    }
    if (!request.id_file.empty() && file_exists(request.id_file)) {
        throw Failure{
            "container ID file found, make sure the other container isn't running or "
            "delete " +
            printable(request.id_file)};
    }
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
    check_conflicts(command, request);
    if (request.isolation.empty()) request.isolation = command.program().isolation;
    if (request.isolation != "none") return;
    // A plain process starts as our own child would.
    if (request.working_directory.empty()) request.working_directory = current_directory();
    auto environment = current_environment();
    environment.insert(environment.end(), request.file_environment.begin(),
                       request.file_environment.end());
    request.file_environment = std::move(environment);
}

// Of several entries with one name the last counts, and it alone is sent.
static std::vector<std::string> merged_environment(const CreateRequest& request) {
    std::map<std::string_view, std::string_view> last;
    for (const auto* entries : {&request.file_environment, &request.environment}) {
        for (const std::string_view entry : *entries) {
            last[entry.substr(0, entry.find('='))] = entry;
        }
    }
    std::vector<std::string> result;
    for (const auto& [name, entry] : last) result.emplace_back(entry);
    return result;
}

static Json create_body(const CreateRequest& request) {
    const bool input = request.attaches("stdin", request.open_stdin) && request.open_stdin;
    Json body = request.body;
    body["Image"] = request.image;
    body["Cmd"] = Json::array(request.command);
    body["Env"] = Json::array(merged_environment(request));
    body["WorkingDir"] = request.working_directory;
    body["AttachStdin"] = input;
    body["AttachStdout"] = request.attaches("stdout", true);
    body["AttachStderr"] = request.attaches("stderr", true);
    body["OpenStdin"] = request.open_stdin;
    body["StdinOnce"] = input;
    body["Tty"] = request.terminal;
    Json& host = body["HostConfig"];
    host["Isolation"] = request.isolation;
    if (request.auto_remove) host["AutoRemove"] = true;
    const TerminalSize size = terminal_size();
    if (request.terminal && size.known()) {
        host["ConsoleSize"] = Json::array({size.rows, size.columns});
    }
    return body;
}

std::string create_container(const Command& command, const CreateRequest& request) {
    const ApiTarget target = ApiTarget{"/containers/create"}.with_text("name", request.name);
    const Json answer = command.api().post(target, create_body(request));
    const JsonReader reader{answer};
    for (const auto& warning : reader.get_strings("Warnings")) {
        write_all(STDERR_FILENO, "WARNING: " + printable(warning) + "\n", "standard error");
    }
    std::string id = reader.get_string("Id");
    if (!request.id_file.empty()) write_file(request.id_file, id);
    return id;
}
