// Article 5's suite of this name: the right code for every transition that cannot be.
#include "tests/stage6/kept_processes.hpp"

struct Refusal {
    std::string_view method, path;
    int status;
};

static void check_all(const EngineScene& scene, const std::vector<Refusal>& refusals,
                      const std::string& state) {
    for (const Refusal& refusal : refusals) {
        INFO(refusal.method << " " << refusal.path << " of a container that is " << state);
        const Answer answer = scene.request(std::string{refusal.method},
                                            "/containers/web" + std::string{refusal.path});
        INFO(answer);
        CHECK(answer.status == refusal.status);
        if (refusal.status >= 400) CHECK_FALSE(answer.message().empty());
        if (state != "missing") CHECK(scene.status("web") == state);
    }
}

TEST_CASE("every transition that cannot be is refused with its code, and changes nothing",
          "[stage6][engine][errors]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        check_all(scene,
                  {{"POST", "/start", 404},
                   {"POST", "/stop", 404},
                   {"POST", "/kill", 404},
                   {"POST", "/restart", 404},
                   {"POST", "/pause", 404},
                   {"POST", "/unpause", 404},
                   {"POST", "/wait", 404},
                   {"POST", "/rename?name=other", 404},
                   {"DELETE", "", 404}},
                  "missing");
        const std::string id = scene.create("web", {"sh", "-c", "read line"}, [&](Json& body) {
            with_isolation(isolation)(body);
            body["OpenStdin"] = true;
        });
        const std::vector<Refusal> without_process = {{"POST", "/stop", 304},
                                                      {"POST", "/kill", 409},
                                                      {"POST", "/kill?signal=NOSUCH", 400},
                                                      {"POST", "/pause", 409},
                                                      {"POST", "/unpause", 500}};
        check_all(scene, without_process, "created");
        scene.start("web");
        check_all(scene,
                  {{"POST", "/start", 304},
                   {"POST", "/unpause", 500},
                   {"POST", "/kill?signal=NOSUCH", 400},
                   {"POST", "/rename?name=web", 400},
                   {"DELETE", "", 409}},
                  "running");
        CHECK(scene.request("POST", "/containers/web/pause").status == 204);
        check_all(scene,
                  {{"POST", "/start", 409},
                   {"POST", "/pause", 409},
                   {"POST", "/attach?stream=1&stdout=1", 409},
                   {"DELETE", "", 409}},
                  "paused");
        CHECK(scene.request("POST", "/containers/web/kill").status == 204);
        check_all(scene, without_process, "exited");
        CHECK(scene.request("DELETE", "/containers/" + id).status == 204);
    }
}

TEST_CASE("the commands say what was refused and end with 1", "[stage6][engine][errors]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"sleep", "1000"});
    for (const std::string command : {"pause", "unpause", "logs", "rm", "start"}) {
        const bool works = command == "logs" || command == "rm" || command == "start";
        const Result result = scene.run_client({command, works ? "nosuch" : "web"});
        INFO(result);
        CHECK(result.exit_code == 1);
        CHECK(result.out.empty());
        CHECK(result.err.find("orchestrate: ") == 0);
    }
}
