// A clock that is set while containers run. There is only one for the whole machine (a time
// namespace has no real time of its own), so it takes a machine of its own.
#include <time.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

static timespec now(clockid_t clock) {
    timespec time{};
    check(::clock_gettime(clock, &time), "clock_gettime");
    return time;
}

// Sets the clock, and sets it right again at the end.
class Jump {
public:
    explicit Jump(time_t to) {
        const timespec time{to, 0};
        check(::clock_settime(CLOCK_REALTIME, &time), "clock_settime");
    }
    Jump(const Jump&) = delete;
    Jump& operator=(const Jump&) = delete;
    ~Jump() {
        const timespec right{began_.tv_sec + now(CLOCK_MONOTONIC).tv_sec - monotonic_.tv_sec,
                             began_.tv_nsec};
        ::clock_settime(CLOCK_REALTIME, &right);
    }

private:
    timespec began_ = now(CLOCK_REALTIME), monotonic_ = now(CLOCK_MONOTONIC);
};

static const std::string kWriter =
    "trap '' TERM; trap 'echo after' USR1; echo before; while :; do sleep 0.1; done";

static void with_restarts_and_health(Json& body) {
    body["HostConfig"]["RestartPolicy"] = Json::object({{"Name", "always"}});
    body["Healthcheck"] = Json::object(
        {{"Test", Json::array({"CMD-SHELL", "test -f /tmp/well"})}, {"Interval", 500000000}});
}

// What waits for a time is started, then the clock jumps, and all goes on as if it had not.
static void check_jump(time_t to) {
    EngineScene scene;
    const std::string id = scene.run_detached("stubborn", {"sh", "-c", kWriter});
    scene.wait_for_logged("stubborn", "before");
    scene.run_detached("patient", {"sleep", "1000"}, with_restarts_and_health);
    scene.run_detached("failing", {"false"}, [](Json& body) {
        body["HostConfig"]["RestartPolicy"] = Json::object({{"Name", "always"}});
    });
    Process follower{scene.client({"logs", "-f", "stubborn"})};
    CHECK(follower.read_line() == "before");
    Talk stop{scene.socket()};
    stop.request("POST", "/containers/stubborn/stop?t=20", "Connection: close\r\n");
    wait_until([&] { return scene.request("GET", "/_ping").body == "OK"; }, "it is asked to end");
    {
        const Jump jump{to};
        CHECK(scene.status("stubborn") == "running");
        CHECK_FALSE(stop.has_input());  // twenty seconds are not over
        CHECK(scene.request("POST", "/containers/stubborn/kill?signal=USR1").status == 204);
        CHECK(follower.read_line() == "after");
        CHECK(scene.logs("stubborn").out == "before\nafter\n");
        const auto restarts = [&] {
            return scene.inspect("failing").find("RestartCount")->as_integer();
        };
        const auto so_far = restarts();
        wait_until([&] { return restarts() > so_far; }, "one more restart");
        CHECK(scene.run_client({"exec", "patient", "--", "touch", "/tmp/well"}).exit_code == 0);
        const auto is_well = [&] {
            const Json state = *scene.inspect("patient").find("State");
            return state.find("Health")->find("Status")->as_string() == "healthy";
        };
        wait_until(is_well, "the next look finds it well");
        wait_until([&] { return stop.has_input(); }, "the grace is over");
        CHECK(read_answer(stop).status == 204);
        CHECK(scene.exit_code("stubborn") == 137);
        CHECK(follower.wait() == 0);
        CHECK(scene.run_client({"ps", "-a"}).exit_code == 0);
        scene.restart();
        CHECK(scene.exit_code("stubborn") == 137);
    }
}

TEST_CASE("a clock that jumps forward by an hour changes no deadline and no order",
          "[stage6][faults][root][vm]") {
    check_jump(::time(nullptr) + 3600);
}

TEST_CASE("a clock that jumps back by an hour changes no deadline and no order",
          "[stage6][faults][root][vm]") {
    check_jump(::time(nullptr) - 3600);
}

TEST_CASE("a clock that jumps to 1970 changes no deadline and no order",
          "[stage6][faults][root][vm]") {
    check_jump(86400);
}
