// map, and the options --explain and --step of run and create.
#include "stage6-daemon-shim/features/show/show_in_client.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

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

// A descriptor of our terminal that stays open as long as somebody holds the result.
static std::shared_ptr<Fd> open_own_terminal() {
    // Not /dev/tty: that is for each who opens it their own, and the shim has none.
    for (const int fd : {STDIN_FILENO, STDERR_FILENO, STDOUT_FILENO}) {
        const char* name = ::ttyname(fd);
        if (name == nullptr) continue;
        return std::make_shared<Fd>(
            check(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC), "open", name));
    }
    throw UsageError{"--step asks at a terminal, and there is none"};
}

static std::vector<Option> explain_options(Json& body) {
    const auto explain = [&body](const std::string& how) {
        body["HostConfig"]["Annotations"]["slipway.explain"] = how;
    };
    // The start ends before we do: until then the shim asks at the terminal that it finds at us.
    const auto step = [explain, terminal = std::shared_ptr<Fd>{}](std::string_view) mutable {
        terminal = open_own_terminal();
        explain("steps " + std::to_string(::getpid()) + " " + std::to_string(terminal->get()));
    };
    return {{"--explain", "", "show each system call that makes it, on its standard error",
             [explain](std::string_view) { explain("lines"); }},
            {"--step", "", "the same at your terminal, waiting for Enter before each", step}};
}

ClientFeature show_in_client() {
    return {.create_options = explain_options, .commands = {"To see it happen", kCommands}};
}
