// Article 5's suite of this name: paused, a container's output freezes; unpaused, it goes on.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "common/file.hpp"
#include "stage5-cgroups/freezer.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "tests/stage6/kept_processes.hpp"

// How long a container that prints every hundredth of a second is looked at.
static constexpr int kWhile = 200;

static const std::string kCount =
    "trap 'echo caught' USR1; while :; do i=$((i+1)); echo $i; sleep 0.01; done";

static int post(const EngineScene& scene, const std::string& path) {
    return scene.request("POST", "/containers/" + path).status;
}

// Also one whose child was stopped before its exec, where vfork(2) lets the parent wait for that:
// D.
static bool is_stopped(pid_t process) {
    const std::string state = state_of_process(process);
    if (state != "D") return state == "T";
    const std::string number = std::to_string(process);
    const auto children = words_of(read_file("/proc/" + number + "/task/" + number + "/children"));
    return std::ranges::any_of(
        children, [](const auto& child) { return state_of_process(std::stoi(child)) == "T"; });
}

// By the freezer of its control groups, or each process by a signal.
static bool stands_still(const EngineScene& scene, const Json& container) {
    const auto process = static_cast<pid_t>(container.find("State")->find("Pid")->as_integer());
    if (is_stopped(process)) return true;
    const std::string directory = scene.directory(container.find("Id")->as_string());
    const Json config = parse_json(read_file(directory + "/config.json"));
    const Json* const groups = config.find("spec")->find("annotations")->find("slipway.cgroups");
    return groups != nullptr &&
           std::ranges::any_of(words_of(groups->as_string(), "\n"), [](const std::string& group) {
               const bool has_freezer =
                   file_exists(group + "/cgroup.freeze") || file_exists(group + "/freezer.state");
               return has_freezer && is_frozen(group);
           });
}

// Not one line more, though there is time for many. What it printed while it was coming to a stand
// the shim has read before it answers us.
static bool output_is_frozen(const EngineScene& scene) {
    const Json container = scene.inspect("web");
    wait_until([&] { return stands_still(scene, container); }, "it stands still");
    const std::string id = container.find("Id")->as_string();
    const Fd shim = connect_to_shim(ContainerDir::open(scene.directory(id)));
    send_message(shim.get(), "ping");
    ShimMessage answer;
    wait_until([&] { return receive_message(shim.get(), answer) == Received::message; },
               "the shim's answer");
    const std::string before = scene.logs("web").out;
    ::poll(nullptr, 0, kWhile);
    return scene.logs("web").out == before;
}

static void wait_for_more(const EngineScene& scene) {
    const std::size_t before = scene.logs("web").out.size();
    wait_until([&] { return scene.logs("web").out.size() > before; }, "it goes on");
}

static std::string run_counter(const EngineScene& scene, const std::string& isolation) {
    std::string id = scene.run_detached("web", {"sh", "-c", kCount}, with_isolation(isolation));
    scene.wait_for_logged("web", "3\n");
    return id;
}

TEST_CASE("the output of a paused container freezes until it is unpaused",
          "[stage6][engine][pause]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        run_counter(scene, isolation);
        CHECK(post(scene, "web/pause") == 204);
        CHECK(scene.status("web") == "paused");
        CHECK(output_is_frozen(scene));
        CHECK(post(scene, "web/unpause") == 204);
        CHECK(scene.status("web") == "running");
        wait_for_more(scene);
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
}

TEST_CASE("a paused plain process is stopped, and so are those of its group",
          "[stage6][engine][pause]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"sh", "-c", "sleep 1000 & echo $!; wait"});
    scene.wait_for_logged("web", "\n");
    const auto child = static_cast<pid_t>(std::stol(scene.logs("web").out));
    CHECK(post(scene, "web/pause") == 204);
    for (const pid_t process : {scene.process_of(id), child}) {
        wait_until([&] { return state_of_process(process) == "T"; }, "it is stopped");
    }
    CHECK(post(scene, "web/unpause") == 204);
    for (const pid_t process : {scene.process_of(id), child}) {
        wait_until([&] { return state_of_process(process) == "S"; }, "it goes on");
    }
}

TEST_CASE("a paused container says that it is, and still counts as running",
          "[stage6][engine][pause]") {
    EngineScene scene{"orchestrator"};
    run_counter(scene, "none");
    CHECK(post(scene, "web/pause") == 204);
    const Json state = *scene.inspect("web").find("State");
    CHECK(state.find("Running")->as_bool());
    CHECK(state.find("Paused")->as_bool());
    CHECK(state.find("Pid")->as_integer() != 0);
    const Answer list = scene.request("GET", "/containers/json");
    INFO(list);
    CHECK(list.body.find("(Paused)\"") != std::string::npos);
    CHECK(list.body.find("\"State\":\"paused\"") != std::string::npos);
}

TEST_CASE("a container stays paused while the daemon is killed and begins again",
          "[stage6][engine][pause]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        run_counter(scene, isolation);
        CHECK(post(scene, "web/pause") == 204);
        scene.restart();
        CHECK(scene.status("web") == "paused");
        CHECK(output_is_frozen(scene));
        CHECK(post(scene, "web/pause") == 409);
        CHECK(post(scene, "web/unpause") == 204);
        wait_for_more(scene);
        scene.restart();
        CHECK(scene.status("web") == "running");
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
}

TEST_CASE("stop and kill end a paused container", "[stage6][engine][pause]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        for (const auto& [verb, code] : {std::pair{"stop?signal=KILL", 137}, std::pair{"kill", 137},
                                         std::pair{"stop?t=0", 0}}) {
            INFO(isolation << " " << verb);
            run_counter(scene, isolation);
            CHECK(post(scene, "web/pause") == 204);
            CHECK(post(scene, std::string{"web/"} + verb) == 204);
            CHECK(scene.status("web") == "exited");
            if (code != 0) CHECK(scene.exit_code("web") == code);
            CHECK(post(scene, "web/start") == 204);
            CHECK(scene.status("web") == "running");
            CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
        }
    }
}

TEST_CASE("a signal makes a paused container go on, unless another one is its signal to stop",
          "[stage6][engine][pause]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        run_counter(scene, isolation);
        CHECK(post(scene, "web/pause") == 204);
        CHECK(post(scene, "web/kill?signal=USR1") == 204);
        CHECK(scene.status("web") == "running");
        scene.wait_for_logged("web", "caught\n");
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);

        scene.run_detached("web", {"sh", "-c", kCount}, [&](Json& body) {
            with_isolation(isolation)(body);
            body["StopSignal"] = "SIGTERM";
        });
        scene.wait_for_logged("web", "3\n");
        CHECK(post(scene, "web/pause") == 204);
        CHECK(post(scene, "web/kill?signal=USR1") == 204);
        CHECK(scene.status("web") == "paused");
        CHECK(post(scene, "web/unpause") == 204);
        scene.wait_for_logged("web", "caught\n");
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
}

TEST_CASE("a paused container that is killed from outside has exited", "[stage6][engine][pause]") {
    EngineScene scene{"orchestrator"};
    const std::string id = run_counter(scene, "none");
    CHECK(post(scene, "web/pause") == 204);
    CHECK(::kill(scene.process_of(id), SIGKILL) == 0);
    CHECK(scene.wait("web") == 137);
    CHECK(post(scene, "web/unpause") == 500);
    CHECK(post(scene, "web/start") == 204);
    scene.restart();
    CHECK(scene.status("web") == "running");
}

TEST_CASE("without a freezer every process of a container is stopped by a signal",
          "[stage6][engine][pause]") {
    EngineScene scene{"orchestrator"};
    const std::string mark = "4000" + std::to_string(::getpid());
    const std::string id =
        scene.create("web", {"sh", "-c", "(sleep " + mark + " &); sleep " + mark + " & " + kCount},
                     with_isolation("default"));
    // As on a machine where no control group can be had.
    scene.kill_daemon();
    const std::string path = scene.directory(id) + "/config.json";
    Json config = parse_json(read_file(path));
    config["spec"]["annotations"]["slipway.cgroups"] = "";
    write_file(path, config.text());
    scene.start_daemon();
    scene.start("web");
    scene.wait_for_logged("web", "3\n");
    const std::string command_line = "sleep" + std::string(1, '\0') + mark + '\0';
    wait_until([&] { return processes_with(command_line).size() == 2; }, "both sleep");
    CHECK(post(scene, "web/pause") == 204);
    CHECK(output_is_frozen(scene));
    for (const pid_t process : processes_with(command_line)) {
        wait_until([&] { return state_of_process(process) == "T"; }, "it is stopped");
    }
    scene.restart();
    CHECK(scene.status("web") == "paused");
    CHECK(post(scene, "web/unpause") == 204);
    wait_for_more(scene);
    for (const pid_t process : processes_with(command_line)) {
        wait_until([&] { return state_of_process(process) == "S"; }, "it goes on");
    }
}
