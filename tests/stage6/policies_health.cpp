// Health checks, through the API and `ps`.
#include <unistd.h>

#include "common/error.hpp"
#include "tests/stage6/kept_processes.hpp"

static constexpr std::int64_t kMillisecond = 1'000'000;

// A container that is well as long as the file /tmp/well, or its counterpart on the host, is there.
static std::function<void(Json&)> with_health(
    const std::string& test, const std::vector<std::pair<std::string, int>>& more) {
    return [=](Json& body) {
        body["HostConfig"]["Isolation"] = "none";
        Json& check = body["Healthcheck"];
        check["Test"] = Json::array({"CMD-SHELL", test});
        check["Interval"] = 20 * kMillisecond;
        for (const auto& [name, value] : more) check[name] = value * kMillisecond;
        check["Retries"] = 2;
    };
}

static Json health_of(const EngineScene& scene) {
    const Json inspected = scene.inspect("web");
    const Json* const health = inspected.find("State")->find("Health");
    return health == nullptr ? Json{} : *health;
}

static void wait_for_health(const EngineScene& scene, const std::string& status) {
    wait_until([&] { return health_of(scene).find("Status")->as_string() == status; },
               "it is " + status);
}

TEST_CASE("health begins with starting, and follows what the command says",
          "[stage6][engine][policies]") {
    EngineScene scene;
    const std::string place = temporary_directory();
    // From the beginning: of the past only some events are kept, and each look is three of them.
    Talk told{scene.socket()};
    told.request("GET", "/events?filters=%7B%22event%22%3A%5B%22health_status%22%5D%7D");
    told.read_head();
    scene.run_detached("web", {"sleep", "1000"},
                       with_health("echo looked; test -e " + place + "/well", {}));
    wait_for_health(scene, "unhealthy");
    const Json bad = health_of(scene);
    CHECK(bad.find("FailingStreak")->as_integer() >= 2);
    const Json entry = bad.find("Log")->as_array()[0];
    CHECK(entry.find("ExitCode")->as_integer() == 1);
    CHECK(entry.find("Output")->as_string() == "looked\n");
    CHECK(entry.find("Start")->as_string() <= entry.find("End")->as_string());
    CHECK(run({"touch", place + "/well"}).exit_code == 0);
    wait_for_health(scene, "healthy");
    CHECK(health_of(scene).find("FailingStreak")->as_integer() == 0);
    const Answer list = scene.request("GET", "/containers/json");
    INFO(list);
    CHECK(list.body.find("(healthy)\"") != std::string::npos);
    wait_until([&] { return health_of(scene).find("Log")->as_array().size() == 5; },
               "there are five entries");
    const Answer filtered =
        scene.request("GET", "/containers/json?filters=%7B%22health%22%3A%5B%22healthy%22%5D%7D");
    INFO(filtered);
    CHECK(filtered.body.find("\"/web\"") != std::string::npos);
    scene.restart();
    // Told once each, not with every look.
    const std::string events = told.read_to_end();
    INFO(printable(events));
    for (const std::string health : {"unhealthy", "healthy"}) {
        const std::string action = "\"Action\":\"health_status: " + health + "\"";
        CHECK(events.find(action) != std::string::npos);
        CHECK(events.find(action) == events.rfind(action));
    }
    CHECK(health_of(scene).find("Status")->as_string() == "healthy");
    CHECK(run({"rm", place + "/well"}).exit_code == 0);
    wait_for_health(scene, "unhealthy");
    CHECK(scene.request("POST", "/containers/web/kill").status == 204);
    CHECK(health_of(scene).find("Status")->as_string() == "unhealthy");
}

TEST_CASE("failures do not count while the container may still be starting up",
          "[stage6][engine][policies]") {
    EngineScene scene;
    scene.run_detached("web", {"sleep", "1000"},
                       with_health("false", {{"StartPeriod", 600'000}, {"StartInterval", 10}}));
    wait_until([&] { return health_of(scene).find("Log")->as_array().size() == 5; },
               "it was looked at five times");
    CHECK(health_of(scene).find("Status")->as_string() == "starting");
    CHECK(health_of(scene).find("FailingStreak")->as_integer() == 0);
    const Answer list = scene.request("GET", "/containers/json");
    INFO(list);
    CHECK(list.body.find("(health: starting)\"") != std::string::npos);
}

TEST_CASE("a look that takes too long is ended, and is a failure", "[stage6][engine][policies]") {
    EngineScene scene;
    const std::string mark = "5000" + std::to_string(::getpid());
    scene.run_detached("web", {"sleep", "1000"},
                       with_health("exec sleep " + mark, {{"Timeout", 100}}));
    wait_for_health(scene, "unhealthy");
    const Json entry = health_of(scene).find("Log")->as_array()[0];
    CHECK(entry.find("ExitCode")->as_integer() == -1);
    CHECK(entry.find("Output")->as_string() == "Health check exceeded timeout (100ms)");
    CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    CHECK(processes_with(mark + '\0').empty());
}

TEST_CASE("without a health check there is no health, and one that cannot be is refused",
          "[stage6][engine][policies]") {
    EngineScene scene;
    scene.run_detached("web", {"sleep", "1000"}, [](Json& body) {
        body["HostConfig"]["Isolation"] = "none";
        body["Healthcheck"] = Json::object({{"Test", Json::array({"NONE"})}});
    });
    CHECK(health_of(scene).is_null());
    const auto refuse = [&](const std::string& check, const std::string& text) {
        const Answer answer =
            scene.request("POST", "/containers/create",
                          R"({"Image":"host","Cmd":["true"],"Healthcheck":)" + check + "}");
        INFO(answer);
        CHECK(answer.status == 400);
        CHECK(answer.message() == text);
    };
    refuse(R"({"Test":["CMD","true"],"Interval":5})",
           "Interval in Healthcheck cannot be less than 1ms");
    refuse(R"({"Test":["CMD","true"],"Retries":-1})", "Retries in Healthcheck cannot be negative");
    refuse(R"({"Test":["true"]})", "Unknown healthcheck type 'true' (expected 'CMD')");
}
