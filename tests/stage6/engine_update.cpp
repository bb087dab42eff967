// update: other limits for what runs, and for every start from then on.
#include "common/file.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "tests/stage6/kept_processes.hpp"

// What the container's group says on this machine, whichever file that is; the first that is there.
static std::string limit_of(const EngineScene& scene, const std::string& id,
                            const std::vector<std::string>& files) {
    const Json config = parse_json(read_file(scene.directory(id) + "/config.json"));
    const Json* const annotations = config.find("spec")->find("annotations");
    for (const auto& group : words_of(annotations->find("slipway.cgroups")->as_string(), "\n")) {
        for (const auto& file : files) {
            if (!file_exists(group + "/" + file)) continue;
            return words_of(read_file(group + "/" + file), "\n").at(0);
        }
    }
    return {};
}

static std::string memory_of(const EngineScene& scene, const std::string& id) {
    return limit_of(scene, id, {"memory.max", "memory.limit_in_bytes"});
}

static std::string pids_of(const EngineScene& scene, const std::string& id) {
    return limit_of(scene, id, {"pids.max"});
}

static std::string quota_of(const EngineScene& scene, const std::string& id) {
    const auto words = words_of(limit_of(scene, id, {"cpu.max", "cpu.cfs_quota_us"}));
    return words.empty() ? "" : words[0];
}

// What is left in it counts, whoever moved it there.
static bool is_in_group(const EngineScene& scene, const std::string& id) {
    const std::string groups =
        read_file("/proc/" + std::to_string(scene.process_of(id)) + "/cgroup");
    const bool v2_alone = groups.starts_with("0::");
    return v2_alone || groups.find("pids:/") == std::string::npos ||
           groups.find(id, groups.find("pids:/")) != std::string::npos;
}

static void update(const EngineScene& scene, const std::string& body) {
    const Answer answer = scene.request("POST", "/containers/web/update", body);
    INFO(answer);
    CHECK(answer.status == 200);
    CHECK(*answer.json().find("Warnings") == Json::array());
}

TEST_CASE("update changes the limits of a container that runs, whether it had any or not",
          "[stage6][engine][lifecycle][root]") {
    EngineScene scene{"orchestrator"};
    for (const auto& isolation : kIsolations) {
        INFO(isolation);
        const std::string id =
            scene.run_detached("web", {"sleep", "1000"}, with_isolation(isolation));
        update(scene, R"({"Memory":67108864,"PidsLimit":50})");
        CHECK(memory_of(scene, id) == "67108864");
        CHECK(pids_of(scene, id) == "50");
        CHECK(is_in_group(scene, id));
        update(scene, R"({"Memory":134217728,"MemorySwap":134217728,"CpuShares":512})");
        CHECK(memory_of(scene, id) == "134217728");
        update(scene, R"({"NanoCpus":500000000})");
        CHECK(quota_of(scene, id) == "50000");
        update(scene, R"({"PidsLimit":-1})");
        CHECK(pids_of(scene, id) == "max");
        scene.restart();
        CHECK(scene.request("POST", "/containers/web/restart?t=0").status == 204);
        CHECK(memory_of(scene, id) == "134217728");
        CHECK(quota_of(scene, id) == "50000");
        CHECK(*scene.inspect("web").find("HostConfig")->find("Memory") == Json{134217728});
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    }
}

TEST_CASE("an update leaves the rules for devices as they were, before and after a restart",
          "[stage6][engine][root]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    const auto rules = [&] {
        const Json config = parse_json(read_file(scene.directory(id) + "/config.json"));
        return config.find("spec")->find("linux")->find("resources")->find("devices")->text();
    };
    const std::string before = rules();
    CHECK(before.find("\"allow\":false") != std::string::npos);
    update(scene, R"({"Memory":67108864})");
    CHECK(rules() == before);
    scene.restart();
    update(scene, R"({"Memory":134217728})");
    CHECK(rules() == before);
}

TEST_CASE("what update cannot do it refuses with Docker's words, and all is as it was",
          "[stage6][engine][lifecycle]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.create(
        "web", {"sleep", "1000"}, [](Json& body) { body["HostConfig"]["NanoCpus"] = 500'000'000; });
    const std::string before = read_file(scene.directory(id) + "/config.json");
    const auto refuse = [&](const std::string& body, int status, const std::string& text) {
        const Answer answer = scene.request("POST", "/containers/web/update", body);
        INFO(answer);
        CHECK(answer.status == status);
        CHECK(answer.message() == text);
    };
    refuse(R"({"Memory":1048576})", 400, "Minimum memory limit allowed is 6MB");
    refuse(R"({"CpuPeriod":50000})", 409,
           "Cannot update container " + id +
               ": Conflicting options: CPU Period cannot be updated as NanoCPUs has already been "
               "set");
    refuse(R"({"CpusetCpus":"x"})", 400, "Invalid value x for cpuset cpus: invalid format: x");
    refuse(R"({"BlkioWeight":500})", 400, "BlkioWeight: not built in");
    refuse(R"({"RestartPolicy":{"Name":"always"}})", 400, "RestartPolicy: not built in");
    CHECK(read_file(scene.directory(id) + "/config.json") == before);
}
