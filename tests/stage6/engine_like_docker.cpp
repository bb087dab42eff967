// What a person sees who knows dockerd: each of these was found by typing the same to both
// (tests/beside).
#include <signal.h>
#include <time.h>

#include <algorithm>

#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

static Answer create_with(const EngineScene& scene, const std::string& members) {
    return scene.request("POST", "/containers/create",
                         R"({"Image":"host","Cmd":["true"],)" + members + "}");
}

static std::string run_to_end(const EngineScene& scene, const std::string& name,
                              const std::vector<std::string>& command,
                              const std::function<void(Json&)>& change) {
    scene.run_detached(name, command, change);
    scene.wait(name);
    return scene.logs(name).out;
}

TEST_CASE("the file for a container's id is the client's own affair", "[stage6][engine]") {
    EngineScene scene;
    const Answer answer = create_with(scene, R"("HostConfig":{"ContainerIDFile":"/tmp/cid"})");
    CHECK(answer.status == 201);
}

TEST_CASE("a user's primary group is among his other groups", "[stage6][engine][root]") {
    EngineScene scene;
    const auto groups_of = [&](const std::string& name, const std::string& user) {
        return run_to_end(scene, name,
                          {"sh", "-c",
                           "while read a b; do case $a in Groups:) echo "
                           "$b;; esac; done < /proc/self/status"},
                          [&](Json& body) {
                              body["User"] = user;
                              body["HostConfig"]["GroupAdd"] = Json::array({"77"});
                          });
    };
    CHECK(groups_of("one", "1234:50") == "50 77\n");
    CHECK(groups_of("two", "") == "0 77\n");
}

TEST_CASE("a number that no user can have is told from a name that nobody has",
          "[stage6][engine][root]") {
    EngineScene scene;
    for (const auto& [user, text] :
         {std::pair{"-1", "uids and gids must be in range 0-2147483647"},
          {"2147483648", "uids and gids must be in range 0-2147483647"},
          {"0:-7", "uids and gids must be in range 0-2147483647"},
          {"-x", "unable to find user -x: no matching entries in passwd file"}}) {
        const Answer made = create_with(scene, R"("User":")" + std::string{user} + "\"");
        const std::string id = made.json().find("Id")->as_string();
        const Answer answer = scene.request("POST", "/containers/" + id + "/start");
        INFO(user);
        CHECK(answer.message() == text);
    }
}

TEST_CASE("an exec that cannot begin says why in Docker's words, with code 126",
          "[stage6][engine][root]") {
    EngineScene scene;
    scene.run_detached("web", {"sleep", "1000"});
    const std::string runc = "OCI runtime exec failed: exec failed: ";
    const std::string start = runc + "unable to start container process: ";
    const std::pair<std::vector<std::string>, std::string> cases[] = {
        {{"-w", "/nosuch"},
         start + "chdir to cwd (\"/nosuch\") set in config.json failed: no such file or "
                 "directory: unknown\r\n"},
        {{"-w", "relative"}, runc + "Cwd must be an absolute path: unknown\r\n"},
        {{"-u", "nosuch"}, "unable to find user nosuch: no matching entries in passwd file\r\n"},
    };
    for (const auto& [options, text] : cases) {
        std::vector<std::string> words = {"exec"};
        words.insert(words.end(), options.begin(), options.end());
        words.insert(words.end(), {"web", "true"});
        const Result result = scene.run_client(words);
        INFO(result);
        CHECK(result.out == text);
        CHECK(result.exit_code == 126);
    }
}

TEST_CASE("a working directory that is a file is said to be one", "[stage6][engine]") {
    EngineScene scene;
    const Answer made = create_with(scene, R"("WorkingDir":"/etc/os-release/x")");
    const std::string id = made.json().find("Id")->as_string();
    const Answer answer = scene.request("POST", "/containers/" + id + "/start");
    CHECK(answer.message() == "Cannot mkdir: /etc/os-release/x is not a directory");
}

TEST_CASE("a host name may have underscores", "[stage6][engine]") {
    EngineScene scene;
    const auto named = [](Json& body) { body["Hostname"] = "my_host"; };
    CHECK(run_to_end(scene, "web", {"hostname"}, named) == "my_host\n");
    CHECK(create_with(scene, R"("Hostname":"my host")").status == 400);
}

TEST_CASE("shares of a CPU have the kernel's limits", "[stage6][engine]") {
    EngineScene scene;
    CHECK(create_with(scene, R"("HostConfig":{"CpuShares":1})").message() ==
          "the minimum allowed cpu-shares is 2");
    CHECK(create_with(scene, R"("HostConfig":{"CpuShares":262145})").message() ==
          "the maximum allowed cpu-shares is 262144");
    CHECK(create_with(scene, R"("HostConfig":{"CpuShares":262144})").status == 201);
}

TEST_CASE("a device that is not there ends docker run with 127", "[stage6][engine][root]") {
    EngineScene scene;
    CHECK(create_with(scene, R"("HostConfig":{"Devices":[{"PathOnHost":"/dev/nosuch"}]})")
              .message() ==
          "error gathering device information while adding custom device \"/dev/nosuch\": no such "
          "file or directory");
}

TEST_CASE("inspect tells what a container was given where nothing was asked", "[stage6][engine]") {
    EngineScene scene;
    scene.create("web", {"true"}, [](Json& body) {
        body["HostConfig"]["MemorySwappiness"] = -1;
        body["HostConfig"]["PidsLimit"] = 0;
        body["Volumes"] = Json::object();
    });
    const Json seen = scene.inspect("web");
    const Json& host = *seen.find("HostConfig");
    CHECK(host.find("IpcMode")->as_string() == "private");
    CHECK(host.find("CgroupnsMode")->as_string() == "private");
    CHECK(host.find("ShmSize")->as_integer() == 64 << 20);
    CHECK(host.find("MemorySwappiness")->is_null());
    CHECK(host.find("PidsLimit")->is_null());
    CHECK(host.find("MaskedPaths")->text().find("/proc/kcore") != std::string::npos);
    CHECK(host.find("ReadonlyPaths")->text().find("/proc/sys") != std::string::npos);
    CHECK(seen.find("Config")->find("Volumes")->is_null());
}

TEST_CASE("a container is in the network none, or in host", "[stage6][engine]") {
    EngineScene scene;
    scene.create("one", {"true"});
    scene.create("two", {"true"}, [](Json& body) { body["HostConfig"]["NetworkMode"] = "host"; });
    const auto network = [&](const std::string& name) {
        const Json settings = *scene.inspect(name).find("NetworkSettings");
        return settings.find("Networks")->as_object().at(0).name;
    };
    CHECK(network("one") == "none");
    CHECK(network("two") == "host");
    const Answer listed =
        scene.request("GET", "/containers/json?all=1&filters=%7B%22network%22:%5B%22host%22%5D%7D");
    const Json entries = listed.json();
    REQUIRE(entries.as_array().size() == 1);
    const Json& entry = entries.as_array()[0];
    CHECK(entry.find("NetworkSettings")->find("Networks")->find("host") != nullptr);
}

TEST_CASE("filters of ps that make no sense: a number is refused, a pattern finds nothing",
          "[stage6][engine]") {
    EngineScene scene;
    scene.create("web", {"true"});
    const auto listed = [&](const std::string& key, const std::string& value) {
        return scene.request("GET", "/containers/json?all=1&filters=%7B%22" + key + "%22:%5B%22" +
                                        value + "%22%5D%7D");
    };
    CHECK(listed("exited", "x").message() ==
          "invalid filter 'exited=x': strconv.Atoi: parsing \"x\": invalid syntax");
    CHECK(listed("name", "(").json().as_array().empty());
    CHECK(listed("name", "w.b").json().as_array().size() == 1);
}

TEST_CASE("logs asks which stream before it asks whose", "[stage6][engine]") {
    EngineScene scene;
    const Answer answer = scene.request("GET", "/containers/nosuch/logs");
    CHECK(answer.status == 400);
    CHECK(answer.message() == "Bad parameters: you must choose at least one stream");
}

TEST_CASE("a quota of CPU time has the period that was asked for", "[stage6][engine][root]") {
    EngineScene scene;
    const auto limited = [](Json& body) {
        body["HostConfig"]["CpuPeriod"] = 50'000;
        body["HostConfig"]["CpuQuota"] = 12'345;
    };
    scene.run_detached("web", {"sleep", "1000"}, limited);
    const auto files = [&] {
        const Result result = scene.run_client({"exec", "web", "sh", "-c",
                                                "cd /sys/fs/cgroup; cat cpu.max 2> /dev/null || "
                                                "cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us"});
        INFO(result);
        std::string text = result.out;
        std::ranges::replace(text, '\n', ' ');
        return text;
    };
    CHECK(files() == "12345 50000 ");
    const Answer updated =
        scene.request("POST", "/containers/web/update", R"({"CpuPeriod":20000,"CpuQuota":10001})");
    INFO(updated);
    CHECK(updated.status == 200);
    CHECK(files() == "10001 20000 ");
}

TEST_CASE("an end that no daemon could tell is told by the next one, once", "[stage6][engine]") {
    EngineScene scene;
    const std::string id = scene.run_detached(
        "web", {"sh", "-c", "trap 'exit 7' USR1; echo ready; while :; do sleep 0.01; done"});
    scene.wait_for_logged("web", "ready\n");
    scene.run_detached("early", {"true"});
    scene.wait("early");
    const pid_t shim = scene.shim_of(id);
    scene.kill_daemon();
    ::kill(scene.process_of(id), SIGUSR1);
    wait_until([&] { return !process_exists(shim); }, "the shim has ended");
    const auto deaths = [&] {
        const Answer answer =
            scene.request("GET", "/events?since=1&until=" + next_second() +
                                     "&filters=%7B%22event%22:%5B%22die%22%5D%7D");
        INFO(answer);
        return answer.body;
    };
    scene.start_daemon();
    const std::string told = deaths();
    CHECK(told.find(R"("exitCode":"7")") != std::string::npos);
    CHECK(told.find(R"("name":"web")") != std::string::npos);
    CHECK(told.find(R"("name":"early")") == std::string::npos);
    scene.restart();
    CHECK(deaths().empty());
}
