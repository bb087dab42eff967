// Many clients, slow ones, strange ones, and a daemon that is short of descriptors.
#include <signal.h>
#include <sys/resource.h>

#include <deque>
#include <utility>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

static void allow_descriptors(rlim_t most) {
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    if (limit.rlim_max < most) skip("RLIMIT_NOFILE is below " + std::to_string(most));
    limit.rlim_cur = limit.rlim_max;
    check(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

TEST_CASE("five hundred idle connections, and as many that stall in a head, delay nobody",
          "[stage6][faults]") {
    allow_descriptors(1200);
    EngineScene scene{"orchestrator"};
    const std::size_t before = scene.descriptors();
    {
        std::deque<Talk> all;
        for (int i = 0; i < 500; ++i) {
            all.emplace_back(scene.socket()).send("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
            all.back().read_head();
        }
        // At the end, and nothing is waited for between them: a head must not take ten seconds.
        for (int i = 0; i < 500; ++i) {
            all.emplace_back(scene.socket()).send("GET /_ping HTTP/1.1\r\nHo");
        }
        wait_until([&] { return scene.descriptors() >= before + 1000; }, "all are accepted");
        // One that stalled goes on as if nothing had been.
        all.back().send("st: x\r\n\r\n");
        CHECK(all.back().read_head().starts_with("HTTP/1.1 200 OK"));
        scene.run_detached("web", {"sh", "-c", "echo hello; exit 3"});
        CHECK(scene.wait("web") == 3);
        CHECK(scene.logs("web").out == "hello\n");
    }
    wait_until([&] { return scene.descriptors() <= before; }, "every descriptor is closed");
}

// The daemon through a shell that sets a limit, both soft and hard.
static std::vector<std::string> limited(const std::string& limits,
                                        const std::vector<std::string>& daemon) {
    std::vector<std::string> command{"sh", "-c", limits + "; exec \"$@\"", "sh"};
    command.insert(command.end(), daemon.begin(), daemon.end());
    return command;
}

TEST_CASE("with sixty-four descriptors too many clients are told so, and verbs work all the same",
          "[stage6][faults]") {
    EngineScene scene;
    const std::string id = scene.run_detached("web", {"sleep", "1000"});
    scene.kill_daemon();
    Process daemon{limited("ulimit -n 64", scene.daemon())};
    daemon.wait_for_output("listening on");
    Talk kept{scene.socket()};
    kept.request("GET", "/_ping");
    kept.read_head();
    kept.wait_for("OK");
    std::deque<Talk> all;
    for (int i = 0; i < 100; ++i) all.emplace_back(scene.socket());
    CHECK(all.back().read_head().starts_with("HTTP/1.1 503 "));
    CHECK(all.back().read_to_end().find("too many") != std::string::npos);
    for (const char* path :
         {"/containers/web/stop?t=0", "/containers/web/start", "/containers/web/kill"}) {
        kept.request("POST", path);
        const std::string head = kept.read_head();
        INFO(path << "\n" << head);
        CHECK(head.find("HTTP/1.1 204 ") != std::string::npos);
    }
    kept.request("DELETE", "/containers/web");
    CHECK(kept.read_head().starts_with("HTTP/1.1 204 "));
    all.clear();
    // A refusal may come, and the connection end, before there was anything to refuse.
    const auto is_served = [&] {
        try {
            return scene.request("GET", "/_ping").status == 200;
        } catch (const SystemError&) {
            return false;
        }
    };
    wait_until(is_served, "there is room again");
    scene.run_detached("next", {"sh", "-c", "exit 3"});
    CHECK(scene.wait("next") == 3);
    CHECK(scene.request("DELETE", "/containers/next").status == 204);
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
}

TEST_CASE(
    "the daemon allows itself as many descriptors as it may, and containers what it was given",
    "[stage6][faults]") {
    allow_descriptors(1000);
    for (const char* family : {"slipway", "orchestrator"}) {
        INFO(family);
        EngineScene scene{family};
        scene.kill_daemon();
        Process daemon{limited("ulimit -Sn 300; ulimit -Hn 900", scene.daemon())};
        daemon.wait_for_output("listening on");
        const std::string limits = read_file("/proc/" + std::to_string(daemon.pid()) + "/limits");
        const auto at = limits.find("Max open files");
        INFO(limits);
        const std::string line = limits.substr(at, limits.find('\n', at) - at);
        CHECK(line.find("900") != line.rfind("900"));  // the soft limit and the hard one
        scene.run_detached("web", {"sh", "-c", "ulimit -Sn; ulimit -Hn; sleep 1000"});
        scene.wait_for_logged("web", "300\n900\n");
        const Result inside = scene.run_client({"exec", "web", "--", "sh", "-c", "ulimit -Sn"});
        INFO(inside);
        CHECK(inside.out == "300\n");
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
        daemon.signal(SIGTERM);
        CHECK(daemon.wait() == 0);
    }
}

// The socket's own permissions say who may ask: a browser cannot reach it, and docker's command
// names a host of its own.
TEST_CASE("whatever Host and Origin say on the Unix socket, the request is served",
          "[stage6][faults]") {
    EngineScene scene{"orchestrator"};
    for (const std::string headers :
         {"Host: evil.example\r\n", "Host: api.moby.localhost\r\n", "Host: 127.0.0.1:2375\r\n",
          "Host: x\r\nOrigin: http://evil.example\r\n", "Host: x\r\nOrigin: null\r\n"}) {
        INFO(headers);
        Talk talk{scene.socket()};
        talk.send("GET /v1.44/_ping HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n");
        CHECK(read_answer(talk).body == "OK");
    }
}

TEST_CASE("of those who attach, follow and exec at once half are killed, and nobody else notices",
          "[stage6][faults]") {
    EngineScene scene;
    scene.run_detached("web",
                       {"sh", "-c", "echo ready; while read line; do echo \"got $line\"; done"},
                       [](Json& body) { body["OpenStdin"] = true; });
    scene.wait_for_logged("web", "ready");
    // An open connection too many at first would hide one that is left at the end.
    std::size_t before = scene.descriptors();
    const auto is_still = [&] { return std::exchange(before, scene.descriptors()) == before; };
    wait_until(is_still, "the connections so far are closed");
    {
        std::deque<Process> killed, kept;
        for (std::deque<Process>* group : {&killed, &kept}) {
            group->emplace_back(scene.client({"attach", "web"}));
            group->emplace_back(scene.client({"logs", "-f", "web"}));
            group->emplace_back(
                scene.client({"exec", "-i", "web", "--", "sh", "-c", "echo ready; cat"}));
            for (Process& one : *group) {
                if (&one != &group->front()) one.wait_for_output("ready");
            }
        }
        // Two writers at one input: each line arrives whole.
        killed[0].send("from one\n");
        scene.wait_for_logged("web", "got from one\n");
        for (Process& one : killed) one.signal(SIGKILL);
        for (Process& one : killed) CHECK(one.wait() == 128 + SIGKILL);
        kept[0].send("from two\n");
        kept[0].wait_for_output("got from two\n");
        kept[1].wait_for_output("ready\ngot from one\ngot from two\n");
        kept[2].send("to cat\n");
        kept[2].close_stdin();
        kept[2].wait_for_output("to cat\n");
        CHECK(kept[2].wait() == 0);
        CHECK(scene.status("web") == "running");
    }
    wait_until([&] { return scene.descriptors() <= before; }, "every descriptor is closed");
}
