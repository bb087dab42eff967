// The verbs: each looks the container up, lets lifecycle do it, and says what became of it.

#include <signal.h>
#include <sys/stat.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/container_update.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/image_defaults.hpp"
#include "stage6-daemon-shim/core/daemon/launch_plan.hpp"
#include "stage6-daemon-shim/core/daemon/worker.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr long kGraceSeconds = 10;

static Json created(const Container& container) {
    return Json::object({{"Id", container.id}, {"Warnings", Json::array()}});
}

// Where overlay cannot be had each container has a copy of its image. Until it is whole nobody can
// start the container.
static Task<void> copy_image(Daemon& daemon, ContainerPointer container, std::string image) {
    container->starting = true;
    std::exception_ptr failure;
    try {
        const std::string root = container->directory + "/" + kRootDirectory;
        check(::mkdir(root.c_str(), 0755), "mkdir", root);
        std::vector<std::string> job = {"copy-tree", std::move(image), root};
        co_await run_worker(daemon.loop, std::move(job));
    } catch (...) {
        failure = std::current_exception();
    }
    container->starting = false;
    container->changed.notify_all();
    if (!failure) co_return;
    co_await daemon.lifecycle.remove(container, container->id, true);
    std::rethrow_exception(failure);
}

static std::vector<std::string> volumes_of(const Json& image_config) {
    std::vector<std::string> places;
    const Json* volumes = image_config.find("Volumes");
    if (volumes == nullptr || !volumes->is_object()) return places;
    for (const JsonMember& volume : volumes->as_object()) places.push_back(volume.name);
    return places;
}

static Task<void> create(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    Json body = co_await request.read_json();
    if (!body.is_object() || body.as_object().empty()) {
        throw HttpError{400, "Config cannot be empty in order to create a container"};
    }
    LaunchPlace place;
    place.isolated_by_default = daemon.options.isolated_by_default;
    place.overlay = daemon.overlay;
    place.user_map = daemon.options.user_map;
    place.descriptors = daemon.options.descriptors;
    place.features = daemon.features;
    const bool isolated = wants_isolation(body, place.isolated_by_default);
    if (isolated) {
        // Only this may be a 404: a client takes it as "pull the image".
        const std::string name = JsonReader{body}.get_string("Image");
        const ImagePointer image = co_await daemon.images.get_or_make(name);
        place.image = daemon.images.root_of(*image);
        place.image_id = image->id;
        if (const Json* defaults = image->config.find("config")) {
            body = with_image_defaults(std::move(body), *defaults);
            place.directories = volumes_of(*defaults);
        }
    }
    const std::string chosen_signal = JsonReader{body}.get_string("StopSignal");
    if (!chosen_signal.empty()) parse_signal(chosen_signal);  // throws for one of no name
    const auto container = daemon.table.create(request.query().get("name"), [&](Container& made) {
        return plan_launch(body, made, place);
    });
    if (isolated && !place.overlay) co_await copy_image(daemon, container, place.image);
    daemon.announcements.of_container(*container, "create");
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

static StopRequest stop_request(const Container& container, const HttpRequest& request) {
    const JsonReader config = JsonReader{container.config}.get_object("Config");
    const auto grace = static_cast<long>(config.get_integer("StopTimeout", kGraceSeconds));
    return {stop_signal(container, request), request.query().get_number("t", grace)};
}

static Task<void> stop(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    const bool stopped =
        co_await daemon.lifecycle.stop(container, name, stop_request(*container, request));
    co_await responder.send(stopped ? 204 : 304);
}

static Task<void> restart(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    co_await daemon.lifecycle.restart(container, name, stop_request(*container, request));
    co_await responder.send(204);
}

static Task<void> pause(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    co_await daemon.lifecycle.pause(daemon.table.find(name), name);
    co_await responder.send(204);
}

static Task<void> unpause(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    co_await daemon.lifecycle.unpause(daemon.table.find(name), name);
    co_await responder.send(204);
}

static Task<void> rename(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    must_act(*container, Verb::rename, name);
    const std::string old_name = container->name;
    daemon.table.rename(container, request.query().get("name"));
    daemon.announcements.of_container(*container, "rename", {{"oldName", "/" + old_name}});
    co_await responder.send(204);
}

static Json no_warnings() {
    return Json::object({{"Warnings", Json::array()}});
}

static Task<void> update(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    const Json changes = co_await request.read_json();
    co_await update_container(daemon, container, name, changes);
    co_await responder.send_json(200, no_warnings());
}

static Task<void> kill(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const std::string text = request.query().get("signal");
    int signal = SIGKILL;
    ContainerPointer container;
    try {
        // Docker looks at the signal before it looks for the container.
        if (!text.empty()) signal = parse_signal(text);
        container = daemon.table.find(name);
    } catch (const HttpError& error) {
        throw HttpError{error.status(), "cannot kill container: " + name + ": " + error.what()};
    }
    co_await daemon.lifecycle.kill(container, name, signal);
    co_await responder.send(204);
}

static Task<void> remove(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    if (request.query().flag("link")) {
        throw HttpError{409, "Conflict, cannot remove the default link name of the container"};
    }
    // `v` asks for the removal of anonymous volumes: there are none.
    co_await daemon.lifecycle.remove(container, name, request.query().flag("force"));
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
        return condition == WaitFor::not_running && !counts_as_running(container->state) &&
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
            route(daemon, "POST", "/containers/{id}/restart", restart),
            route(daemon, "POST", "/containers/{id}/pause", pause),
            route(daemon, "POST", "/containers/{id}/unpause", unpause),
            route(daemon, "POST", "/containers/{id}/rename", rename),
            route(daemon, "POST", "/containers/{id}/update", update),
            route(daemon, "POST", "/containers/{id}/wait", wait, WhenGone::cancel),
            route(daemon, "DELETE", "/containers/{id}", remove)};
}
