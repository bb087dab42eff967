#include "stage6-daemon-shim/features/terminal/terminal_in_daemon.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <charconv>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::string_view kConfigFields[] = {"Tty"};
static constexpr unsigned short kSizeMax = 10'000;

static unsigned short size_of(const JsonReader& host, std::size_t index) {
    const Json* size = host.find("ConsoleSize");
    if (size == nullptr || !size->is_array() || size->as_array().size() != 2) return 0;
    const auto number = size->as_array()[index].as_integer();
    return static_cast<unsigned short>(std::clamp<std::int64_t>(number, 0, kSizeMax));
}

static void plan_terminal(const JsonReader& config, const JsonReader& host, Spec& spec) {
    if (!config.get_bool("Tty")) return;
    ProcessSpec& process = spec.process;
    process.terminal = true;
    process.console_rows = size_of(host, 0);
    process.console_columns = size_of(host, 1);
    const auto is_term = [](const std::string& entry) { return entry.starts_with("TERM="); };
    if (std::ranges::none_of(process.env, is_term)) process.env.push_back("TERM=xterm");
}

static unsigned short parse_size(const HttpRequest& request, const char* key, const char* name) {
    const std::string text = request.query().get(key);
    unsigned short number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && stop == end) return number;
    throw HttpError{400,
                    std::string{"invalid resize "} + name + " \"" + text + "\": invalid syntax"};
}

static winsize parse_window(const HttpRequest& request) {
    const unsigned short rows = parse_size(request, "h", "height");
    return {rows, parse_size(request, "w", "width"), 0, 0};
}

static Task<void> resize(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const winsize window = parse_window(request);
    const ContainerPointer container = daemon.table.find(name);
    const Verdict verdict = judge(container->state, Verb::resize, container->id, name);
    if (verdict.status >= 400) throw HttpError{verdict.status, verdict.message};
    const std::string rows = std::to_string(window.ws_row);
    const std::string columns = std::to_string(window.ws_col);
    // Without a terminal there is nothing to resize, and for Docker that is no error.
    if (container->has_terminal()) {
        co_await ask_shim(daemon.loop, container, "resize " + rows + " " + columns);
    }
    daemon.announcements.of_container(*container, "resize", {{"height", rows}, {"width", columns}});
    co_await responder.send(200);
}

// The client sends it beside the start, and it may come first.
static constexpr auto kStartPatience = std::chrono::seconds{10};

static Task<void> resize_exec(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const winsize window = parse_window(request);
    const ExecPointer session = daemon.execs.find(request.parameter("id"));
    const Deadline patience = Clock::now() + kStartPatience;
    while (!session->running && !session->exit_code) {
        const Wake wake = co_await session->changed.wait(patience);
        if (wake == Wake::timed_out) break;
    }
    if (!session->running) {
        throw HttpError{409, "exec " + session->id + " is not running"};
    }
    if (session->terminal) {
        check(::ioctl(session->terminal.get(), TIOCSWINSZ, &window), "ioctl", "TIOCSWINSZ");
    }
    co_await responder.send(200);
}

static std::vector<Route> terminal_routes(Daemon& daemon) {
    return {route(daemon, "POST", "/containers/{id}/resize", resize),
            route(daemon, "POST", "/exec/{id}/resize", resize_exec, WhenGone::cancel)};
}

DaemonFeature terminal_in_daemon() {
    return {.name = "terminal",
            .routes = terminal_routes,
            .config_fields = kConfigFields,
            .plan = plan_terminal};
}
