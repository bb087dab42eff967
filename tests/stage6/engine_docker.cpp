// The docker command drives our daemon.
#include <signal.h>

#include <deque>

#include "tests/stage6/engine_scene.hpp"

using std::chrono::seconds;

TEST_CASE("docker run shows both streams and ends with the command's code", "[stage6][engine]") {
    need_docker();
    EngineScene scene;
    const Result hello = scene.run_docker({"run", "--rm", "host", "echo", "hello"});
    INFO(hello);
    CHECK(hello.exit_code == 0);
    CHECK(hello.out == "hello\n");
    CHECK(hello.err.empty());
    for (const int code : {1, 7, 125, 126, 127, 255}) {
        const Result result =
            scene.run_docker({"run", "--rm", "host", "sh", "-c",
                              "echo out; echo error >&2; exit " + std::to_string(code)});
        INFO(result);
        CHECK(result.exit_code == code);
        CHECK(result.out == "out\n");
        CHECK(result.err == "error\n");
    }
    CHECK(scene.run_docker({"ps", "-aq"}).out.empty());
}

TEST_CASE("docker run says 127, 126 and 125 for what cannot be started", "[stage6][engine]") {
    need_docker();
    EngineScene scene;
    const Result missing = scene.run_docker({"run", "--rm", "host", "nosuch"});
    INFO(missing);
    CHECK(missing.exit_code == 127);
    const Result directory = scene.run_docker({"run", "--rm", "host", "/etc"});
    INFO(directory);
    // Older ones know no such case.
    CHECK(directory.exit_code == (docker_major_version() >= 28 ? 126 : 125));
    const Result image = scene.run_docker({"run", "--rm", "nosuch", "true"});
    INFO(image);
    CHECK(image.exit_code == 125);
    const Result refused = scene.run_docker({"run", "--rm", "-p", "80:80", "host", "true"});
    INFO(refused);
    CHECK(refused.exit_code == 125);
    CHECK(refused.err.find("PortBindings") != std::string::npos);
    const Result killed =
        scene.run_docker({"run", "--rm", "host", "sh", "-c", "sh -c 'kill -9 $$'; exit $?"});
    INFO(killed);
    CHECK(killed.exit_code == 137);
}

TEST_CASE("docker's commands see a container through its life", "[stage6][engine]") {
    need_docker();
    EngineScene scene;
    const Result made = scene.run_docker(
        {"run", "-d", "--name", "web", "--label", "a=b", "host", "sh", "-c",
         "trap 'echo caught' USR1; trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done"});
    INFO(made);
    REQUIRE(made.exit_code == 0);
    CHECK(made.out.size() == 65);
    const Result list = scene.run_docker(
        {"ps", "-a", "--filter", "label=a=b", "--format", "{{.Names}} {{.Image}} {{.State}}"});
    INFO(list);
    CHECK(list.out == "web host running\n");
    Process follower{scene.docker({"logs", "-f", "web"})};
    CHECK(follower.read_line() == "ready");
    Process waiting{scene.docker({"wait", "web"})};
    CHECK(scene.run_docker({"kill", "-s", "USR1", "web"}).exit_code == 0);
    CHECK(follower.read_line() == "caught");
    const Result running = scene.run_docker({"rm", "web"});
    INFO(running);
    CHECK(running.exit_code == 1);
    CHECK(running.err.find("stop the container before removing or force remove") !=
          std::string::npos);
    const Result stopped = scene.run_docker({"stop", "web"});
    INFO(stopped);
    CHECK(stopped.out == "web\n");
    CHECK(waiting.read_line() == "5");
    CHECK(follower.wait() == 0);
    const Result inspected = scene.run_docker(
        {"inspect", "--format", "{{.State.ExitCode}} {{.Name}} {{.Config.Labels.a}}", "web"});
    INFO(inspected);
    CHECK(inspected.out == "5 /web b\n");
    CHECK(scene.run_docker({"start", "web"}).exit_code == 0);
    CHECK(scene.run_docker({"rm", "-f", "web"}).out == "web\n");
    CHECK(scene.run_docker({"inspect", "web"}).exit_code == 1);
}

TEST_CASE("docker start shows a container from its start to its end", "[stage6][engine]") {
    need_docker();
    EngineScene scene;
    const Result made =
        scene.run_docker({"create", "--name", "web", "-i", "host", "sh", "-c", "cat; exit 9"});
    INFO(made);
    REQUIRE(made.exit_code == 0);
    const Result result = scene.run_docker({"start", "-a", "-i", "web"}, {.input = "typed"});
    INFO(result);
    CHECK(result.exit_code == 9);
    CHECK(result.out == "typed");
    CHECK(scene.run_docker({"logs", "--tail", "1", "web"}).out == "typed");
}

TEST_CASE("docker says what server it has found", "[stage6][engine]") {
    need_docker();
    EngineScene scene;
    const Result version = scene.run_docker({"version"});
    INFO(version);
    CHECK(version.exit_code == 0);
    CHECK(version.out.find("Server") != std::string::npos);
    const Result info = scene.run_docker({"info"});
    INFO(info);
    CHECK(info.exit_code == 0);
    CHECK(info.out.find("Containers: 0") != std::string::npos);
    CHECK(scene.run_docker({"images"}).exit_code == 0);
}

TEST_CASE("five megabytes come through docker whole, on both streams", "[stage6][engine]") {
    need_docker();
    EngineScene scene;
    const Result result = scene.run_docker(
        {"run", "--rm", "host", "sh", "-c", "seq 700000; seq 1000 >&2"}, {.deadline = seconds{60}});
    CHECK(result.exit_code == 0);
    CHECK((result.out == numbers(700000)));
    CHECK((result.err == numbers(1000)));
}

TEST_CASE("three megabytes go through docker's stdin and back, twenty times in a row",
          "[stage6][engine][slow]") {
    need_docker();
    EngineScene scene;
    std::string input;
    for (unsigned i = 0; i < (3u << 20); ++i) input += static_cast<char>(i * 2654435761u >> 24);
    for (int round = 0; round < 20; ++round) {
        INFO("round " << round);
        const Result result = scene.run_docker({"run", "-i", "--rm", "host", "cat"},
                                               {.input = input, .deadline = seconds{60}});
        REQUIRE(result.exit_code == 0);
        REQUIRE((result.out == input));
    }
}

// So many runs one after another, each with a code of its own.
static void run_in_a_row(int from, int to) {
    need_docker();
    EngineScene scene;
    const std::size_t before = scene.descriptors();
    for (int number = from; number < to; ++number) {
        const std::string text = std::to_string(number);
        const Result result = scene.run_docker(
            {"run", "--rm", "host", "sh", "-c", "echo " + text + "; exit $((" + text + " % 256))"});
        INFO(result);
        REQUIRE(result.exit_code == number % 256);
        REQUIRE(result.out == text + "\n");
    }
    wait_until([&] { return scene.descriptors() <= before; }, "the daemon closed all descriptors");
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().empty());
}

TEST_CASE("docker runs a hundred containers in a row", "[stage6][engine][slow]") {
    run_in_a_row(0, 100);
}

TEST_CASE("docker runs another hundred containers in a row", "[stage6][engine][slow]") {
    run_in_a_row(100, 200);
}

TEST_CASE("docker runs eight containers at a time", "[stage6][engine][slow]") {
    need_docker();
    EngineScene scene;
    for (int round = 0; round < 8; ++round) {
        std::deque<Process> all;
        for (int i = 0; i < 8; ++i) {
            const std::string text = std::to_string(round * 8 + i);
            all.emplace_back(scene.docker({"run", "--rm", "host", "sh", "-c",
                                           "echo " + text + "; exit " + text}),
                             RunOptions{.deadline = seconds{60}});
        }
        for (int i = 0; i < 8; ++i) {
            INFO(all[static_cast<std::size_t>(i)]);
            CHECK(all[static_cast<std::size_t>(i)].wait() == round * 8 + i);
            CHECK(all[static_cast<std::size_t>(i)].out() == std::to_string(round * 8 + i) + "\n");
        }
    }
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().empty());
}

TEST_CASE("a docker client that is killed leaves its container running", "[stage6][engine]") {
    need_docker();
    EngineScene scene;
    {
        Process client{
            scene.docker({"run", "--name", "web", "host", "sh", "-c", "echo ready; sleep 1000"})};
        CHECK(client.read_line() == "ready");
        client.signal(SIGKILL);
        client.wait();
    }
    CHECK(scene.status("web") == "running");
    CHECK(scene.run_docker({"rm", "-f", "web"}).exit_code == 0);
}
