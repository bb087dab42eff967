// stats, top, ps's filters, the prunes, info: looking at what there is.
#include <signal.h>

#include <chrono>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

using std::chrono::seconds;

static std::int64_t number(const Json& json, std::initializer_list<const char*> path) {
    const Json* at = &json;
    for (const char* name : path) {
        at = at->find(name);
        if (at == nullptr) throw Failure{std::string{"there is no "} + name};
    }
    return at->as_integer();
}

TEST_CASE("stats has a measurement and the one before it", "[stage6][observe]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sh", "-c", "while :; do :; done"});
    const Answer answer = scene.request("GET", "/containers/web/stats?stream=0");
    INFO(answer);
    REQUIRE(answer.status == 200);
    const Json stats = answer.json();
    CHECK(stats.find("name")->as_string() == "/web");
    CHECK(stats.find("id")->as_string() == id);
    const auto used = number(stats, {"cpu_stats", "cpu_usage", "total_usage"}) -
                      number(stats, {"precpu_stats", "cpu_usage", "total_usage"});
    const auto machine = number(stats, {"cpu_stats", "system_cpu_usage"}) -
                         number(stats, {"precpu_stats", "system_cpu_usage"});
    CHECK(used > 0);
    CHECK(used < machine);
    CHECK(number(stats, {"memory_stats", "usage"}) > 100'000);
    CHECK(number(stats, {"memory_stats", "limit"}) > number(stats, {"memory_stats", "usage"}));
    CHECK(number(stats, {"pids_stats", "current"}) == 1);
    CHECK(stats.find("read")->as_string() > stats.find("preread")->as_string());
    const Json one = scene.request("GET", "/containers/web/stats?stream=0&one-shot=1").json();
    CHECK(one.find("preread")->as_string() == "0001-01-01T00:00:00Z");
    CHECK(number(one, {"cpu_stats", "cpu_usage", "total_usage"}) > 0);
}

TEST_CASE("stats streams one object a second, also of a container that does not run",
          "[stage6][observe]") {
    EngineScene scene;
    const std::string id = scene.create("web", {"true"});
    const Json still = scene.request("GET", "/containers/web/stats?stream=0").json();
    CHECK(still.find("id")->as_string() == id);
    CHECK(number(still, {"cpu_stats", "cpu_usage", "total_usage"}) == 0);
    Talk listener{scene.socket()};
    const auto began = std::chrono::steady_clock::now();
    listener.request("GET", "/containers/web/stats");
    CHECK(listener.read_head().find("200 OK") != std::string::npos);
    listener.wait_for("}\n");
    const auto count = [&] {
        std::size_t objects = 0;
        const std::string& text = listener.received();
        for (auto at = text.find("}\n"); at != std::string::npos; at = text.find("}\n", at + 1)) {
            ++objects;
        }
        return objects;
    };
    while (count() < 3) REQUIRE(listener.read_more());
    // The first comes at once, and none early, however late we are ourselves to read it.
    const auto time = std::chrono::steady_clock::now() - began;
    CHECK(count() <= static_cast<std::size_t>(time / seconds{1}) + 1);
    CHECK(scene.request("GET", "/containers/nope/stats").status == 404);
    CHECK(scene.request("DELETE", "/containers/web").status == 204);
    listener.wait_for("\r\n0\r\n\r\n");  // with the container the stream ends
}

TEST_CASE("the limits of a container are those of its statistics", "[stage6][observe][root]") {
    EngineScene scene;
    scene.run_detached("web", {"sleep", "1000"}, [](Json& body) {
        body["HostConfig"]["Memory"] = 64 << 20;
        body["HostConfig"]["PidsLimit"] = 20;
    });
    const Json stats = scene.request("GET", "/containers/web/stats?stream=0&one-shot=1").json();
    INFO(stats.text());
    CHECK(number(stats, {"memory_stats", "limit"}) == 64 << 20);
    CHECK(number(stats, {"pids_stats", "limit"}) == 20);
    CHECK(number(stats, {"pids_stats", "current"}) == 1);
}

// The process that has this in a column.
static Json row_with(const Json& top, std::size_t column, const std::string& text) {
    for (const Json& row : top.find("Processes")->as_array()) {
        if (row.as_array().at(column).as_string() == text) return row;
    }
    throw Failure{"no row has " + text};
}

TEST_CASE("top lists the processes of the container and no others", "[stage6][observe]") {
    for (const char* isolation : {"default", "none"}) {
        EngineScene scene;
        scene.run_detached("web", {"sh", "-c", "sleep 1111 & sleep 2222"},
                           [&](Json& body) { body["HostConfig"]["Isolation"] = isolation; });
        // A child that has not become its program yet has its parent's command line.
        const auto both_sleep = [&] {
            const std::string top = scene.request("GET", "/containers/web/top").json().text();
            return top.find("\"sleep 1111\"") != std::string::npos &&
                   top.find("\"sleep 2222\"") != std::string::npos;
        };
        wait_until(both_sleep, "both children are there");
        const Json top = scene.request("GET", "/containers/web/top").json();
        INFO(top.text());
        CHECK(top.find("Titles")->text() ==
              R"(["UID","PID","PPID","C","STIME","TTY","TIME","CMD"])");
        // In the order of their numbers, of which a child's may be the smaller one.
        constexpr std::size_t own_number = 1, parents_number = 2, command = 7;
        const std::string first = std::to_string(number(scene.inspect("web"), {"State", "Pid"}));
        CHECK(row_with(top, own_number, first).as_array()[command].as_string() != "sleep 1111");
        const Json child = row_with(top, command, "sleep 1111");
        CHECK(child.as_array()[parents_number].as_string() == first);
        const Json chosen =
            scene.request("GET", "/containers/web/top?ps_args=-o+pid%2Cuser%2Cargs").json();
        CHECK(chosen.find("Titles")->text() == R"(["PID","USER","COMMAND"])");
        const Json by_user = scene.request("GET", "/containers/web/top?ps_args=aux").json();
        CHECK(by_user.find("Titles")->as_array().size() == 11);
    }
}

TEST_CASE("top refuses what it cannot do, with the reason", "[stage6][observe]") {
    EngineScene scene;
    scene.create("web", {"sleep", "1000"});
    CHECK(scene.request("GET", "/containers/web/top").status == 409);
    scene.start("web");
    const Answer unknown = scene.request("GET", "/containers/web/top?ps_args=-o+foo");
    CHECK(unknown.status == 400);
    CHECK(unknown.message() == "top: no column is called foo");
    CHECK(scene.request("GET", "/containers/web/top?ps_args=--forest").status == 400);
    CHECK(scene.request("GET", "/containers/web/top?ps_args=-o").status == 400);
    CHECK(scene.request("GET", "/containers/nope/top").status == 404);
}

// What the commands that only look print, by docker and by slipway.
static void compare(const EngineScene& scene, const std::vector<std::string>& words) {
    const Result docker = scene.run_docker(words);
    const Result ours = scene.run_client(words);
    INFO(docker);
    INFO(ours);
    CHECK(docker.exit_code == ours.exit_code);
    CHECK(docker.out == ours.out);
}

// The same where a figure, such as the share of processor time, changes as time goes by: it did not
// between two looks that are alike.
static void compare_standing_still(const EngineScene& scene,
                                   const std::vector<std::string>& words) {
    Result docker, ours, again;
    const auto stood_still = [&] {
        docker = scene.run_docker(words);
        ours = scene.run_client(words);
        again = scene.run_docker(words);
        return docker.out == again.out;
    };
    wait_until(stood_still, "nothing changes meanwhile");
    INFO(docker);
    INFO(ours);
    CHECK(docker.exit_code == ours.exit_code);
    CHECK(docker.out == ours.out);
}

TEST_CASE("docker's commands that look say the same as slipway's", "[stage6][observe][slow]") {
    need_docker();
    EngineScene scene;
    scene.run_detached("one", {"sleep", "1000"}, [](Json& body) { body["Labels"]["a"] = "b"; });
    scene.run_detached("two", {"sh", "-c", "exit 3"});
    CHECK(scene.wait("two") == 3);
    const std::string names = "{{.Names}} {{.State}} {{.Command}} {{.Labels}} {{.Image}}";
    compare(scene, {"ps", "-a", "--format", names});
    compare(scene, {"ps", "-a", "--format", "table {{.Names}}\\t{{.ID}}\\t{{.State}}"});
    compare(scene, {"ps", "-aq", "--no-trunc"});
    for (const char* filter :
         {"status=exited", "exited=3", "name=on", "label=a", "label=a=c", "before=two", "since=one",
          "ancestor=host", "health=none", "network=none", "volume=/x", "expose=80"}) {
        INFO(filter);
        compare(scene, {"ps", "-a", "--filter", filter, "--format", "{{.Names}}"});
    }
    compare(scene, {"container", "ls", "-a", "--format", "{{.Label \"a\"}}"});
    compare(scene,
            {"inspect", "-f", "{{.State.ExitCode}} {{.Name}} {{json .Config.Labels}}", "two"});
    compare_standing_still(scene, {"top", "one"});
    compare(scene, {"top", "one", "-o", "pid,args"});
    compare(scene, {"images", "--format", "{{.Repository}} {{.Tag}} {{.ID}}"});
    const Result stats =
        scene.run_docker({"stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", "one"},
                         {.deadline = seconds{30}});
    INFO(stats);
    CHECK(stats.out == "one 1\n");
    CHECK(scene.run_client({"stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}"}).out ==
          "one 1\n");
    CHECK(scene.run_docker({"ps", "--filter", "foo=x"}).exit_code == 1);
}

TEST_CASE("a prune removes what does not run and fits", "[stage6][observe]") {
    EngineScene scene;
    const std::string running = scene.run_detached("running", {"sleep", "1000"});
    const std::string made = scene.create("made", {"true"});
    const std::string ended = scene.run_detached("ended", {"sh", "-c", "echo 123456 > /file"},
                                                 [](Json& body) { body["Labels"]["x"] = "y"; });
    CHECK(scene.wait("ended") == 0);
    const std::string prune = "/containers/prune";
    const Json old =
        scene.request("POST", prune + "?filters=%7B%22until%22%3A%5B%2224h%22%5D%7D").json();
    CHECK(old.find("ContainersDeleted")->is_null());
    CHECK(scene.request("POST", prune + "?filters=%7B%22until%22%3A%5B%22x%22%5D%7D").status ==
          400);
    const Json labelled =
        scene.request("POST", prune + "?filters=%7B%22label%22%3A%5B%22x%22%5D%7D").json();
    CHECK(*labelled.find("ContainersDeleted") == Json::array({ended}));
    CHECK(number(labelled, {"SpaceReclaimed"}) >= (is_root() ? 7 : 0));
    const Json rest = scene.request("POST", prune).json();
    CHECK(*rest.find("ContainersDeleted") == Json::array({made}));
    CHECK(scene.status("running") == "running");
    for (const char* path :
         {"/networks/prune", "/volumes/prune", "/images/prune", "/build/prune"}) {
        CHECK(scene.request("POST", path).status == 200);
    }
}

TEST_CASE("docker's prunes and system df are served", "[stage6][observe][slow]") {
    need_docker();
    EngineScene scene;
    scene.create("made", {"true"});
    const Result df = scene.run_docker({"system", "df"});
    INFO(df);
    CHECK(df.exit_code == 0);
    CHECK(df.out.find("Containers      1 ") != std::string::npos);
    const Result prune = scene.run_docker({"system", "prune", "-f"});
    INFO(prune);
    CHECK(prune.exit_code == 0);
    CHECK(prune.out.find("Deleted Containers:") != std::string::npos);
    CHECK(scene.run_docker({"ps", "-aq"}).out.empty());
}

TEST_CASE("info counts the containers in each state", "[stage6][observe]") {
    EngineScene scene;
    scene.create("made", {"true"});
    scene.run_detached("running", {"sleep", "1000"});
    scene.run_detached("frozen", {"sleep", "1000"});
    REQUIRE(scene.request("POST", "/containers/frozen/pause").status == 204);
    const Json info = scene.request("GET", "/info").json();
    CHECK(number(info, {"Containers"}) == 3);
    CHECK(number(info, {"ContainersRunning"}) == 1);
    CHECK(number(info, {"ContainersPaused"}) == 1);
    CHECK(number(info, {"ContainersStopped"}) == 1);
    CHECK(number(info, {"Images"}) >= 1);
    CHECK(number(info, {"NFd"}) > 3);
    CHECK(scene.request("POST", "/containers/frozen/unpause").status == 204);
}
