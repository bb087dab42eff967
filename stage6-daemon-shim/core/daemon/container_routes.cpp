// The verbs: each looks the container up, lets lifecycle do it, and says what became of it.

#include <signal.h>

#include "stage4-chroot/rootfs.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/launch_plan.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr long kGraceSeconds = 10;

static Json created(const Container& container) {
    return Json::object({{"Id", container.id}, {"Warnings", Json::array()}});
}

static Task<void> create(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const Json body = co_await request.read_json();
    if (!body.is_object() || body.as_object().empty()) {
        throw HttpError{400, "Config cannot be empty in order to create a container"};
    }
    LaunchPlace place;
    place.isolated_by_default = daemon.options.isolated_by_default;
    place.overlay = daemon.overlay;
    place.features = daemon.features;
    const std::string image = JsonReader{body}.get_string("Image");
    const bool isolated = wants_isolation(body, place.isolated_by_default);
    if (isolated) {
        // Only this may be a 404: a client takes it as "pull the image".
        if (!daemon.image.is_called(image)) throw HttpError{404, "No such image: " + image};
        place.image = daemon.image.make();
        place.image_id = HostImage::id();
    }
    const auto container = daemon.table.create(request.query().get("name"), [&](Container& made) {
        return plan_launch(body, made, place);
    });
    if (isolated && !place.overlay) {
        // The copy is a whole root of its own, made as the image was.
        build_rootfs(container->directory + "/" + kRootDirectory, {}, host_programs());
    }
    co_await responder.send_json(201, created(*container));
}

static Task<void> start(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const bool started = co_await daemon.lifecycle.start(daemon.table.find(name), name);
    co_await responder.send(started ? 204 : 304);
}

// What the client asks for, else what the container was created with.
static int stop_signal(const Container& container, const HttpRequest& request) {
    std::string text = request.query().get("signal");
    const JsonReader config = JsonReader{container.config}.get_object("Config");
    if (text.empty()) text = config.get_string("StopSignal");
    return text.empty() ? SIGTERM : parse_signal(text);
}

static Task<void> stop(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    const JsonReader config = JsonReader{container->config}.get_object("Config");
    const auto grace = static_cast<long>(config.get_integer("StopTimeout", kGraceSeconds));
    const long seconds = request.query().get_number("t", grace);
    const bool stopped =
        co_await daemon.lifecycle.stop(container, name, stop_signal(*container, request), seconds);
    co_await responder.send(stopped ? 204 : 304);
}

static Task<void> kill(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const std::string text = request.query().get("signal");
    int signal = SIGKILL;
    try {
        if (!text.empty()) signal = parse_signal(text);
    } catch (const HttpError& error) {
        // Docker looks at the signal before it looks for the container.
        throw HttpError{400, "cannot kill container: " + name + ": " + error.what()};
    }
    co_await daemon.lifecycle.kill(daemon.table.find(name), name, signal);
    co_await responder.send(204);
}

static Task<void> remove(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    co_await daemon.lifecycle.remove(daemon.table.find(name), name, request.query().flag("force"));
    co_await responder.send(204);
}

enum class WaitFor { not_running, next_exit, removed };

static WaitFor parse_condition(const std::string& text) {
    if (text.empty() || text == "not-running") return WaitFor::not_running;
    if (text == "next-exit") return WaitFor::next_exit;
    if (text == "removed") return WaitFor::removed;
    throw HttpError{400, "invalid condition: \"" + text + "\""};
}

// The head goes out at once: `docker run` sends its start only when it has it.
static Task<void> wait(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const ContainerPointer container = daemon.table.find(request.parameter("id"));
    const WaitFor condition = parse_condition(request.query().get("condition"));
    const unsigned exits = container->exits;
    co_await responder.start_stream(200, "application/json");
    const auto is_over = [&] {
        if (container->removed) return true;  // wakes those who wait for an exit, too
        if (condition == WaitFor::removed) return false;
        if (container->exits != exits) return true;
        return condition == WaitFor::not_running && container->state != State::running &&
               !container->starting;
    };
    while (!is_over()) co_await container->changed.wait();
    const std::string answer = "{\"StatusCode\":" + std::to_string(container->exit_code) + "}\n";
    co_await responder.write(answer);
}

std::vector<Route> container_routes(Daemon& daemon) {
    return {route(daemon, "POST", "/containers/create", create),
            route(daemon, "POST", "/containers/{id}/start", start),
            route(daemon, "POST", "/containers/{id}/stop", stop),
            route(daemon, "POST", "/containers/{id}/kill", kill),
            route(daemon, "POST", "/containers/{id}/wait", wait, WhenGone::cancel),
            route(daemon, "DELETE", "/containers/{id}", remove)};
}
