// map, and the option --explain of run and create.
#include "stage6-daemon-shim/features/show/show_in_client.hpp"

#include <sys/socket.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/features/show/container_map.hpp"

// Who listens at the other end (unix(7)).
static pid_t daemon_of(const Command& command) {
    const HttpConnection connection = command.api().open_stream("GET", ApiTarget{"/_ping"});
    ucred peer{};
    socklen_t size = sizeof peer;
    check(::getsockopt(connection.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size), "getsockopt");
    return peer.pid;
}

static int run_command_map(const Command& command) {
    std::string file;
    const auto names = command.parse_names(
        {"CONTAINER",
         "Draws a running container from /proc: its daemon, its shim and its processes, which of\n"
         "its namespaces are not yours, its cgroups and mounts, and the shim's descriptors.",
         "map web --svg web.svg"},
        {text_option("--svg", "FILE", "as a figure (- is standard output)", file)}, 1, 1);
    const Json inspected = command.api().get(ApiTarget{"/containers/", names[0], "/json"});
    const ContainerMap map = map_container(inspected, daemon_of(command));
    if (file.empty() || file == "-") {
        print(file.empty() ? map_as_text(map) : map_as_svg(map));
    } else {
        write_file(file, map_as_svg(map));
    }
    return 0;
}

static constexpr CommandEntry kCommands[] = {
    {"map", "draw a running container: processes, namespaces, mounts", run_command_map},
};

static std::vector<Option> explain_option(Json& body) {
    return {{"--explain", "", "show each system call that makes it, on its standard error",
             [&body](std::string_view) {
                 body["HostConfig"]["Annotations"]["slipway.explain"] = "lines";
             }}};
}

ClientFeature show_in_client() {
    return {.create_options = explain_option, .commands = {"To see it happen", kCommands}};
}
