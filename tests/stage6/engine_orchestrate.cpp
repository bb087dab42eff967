// Article 5's system: orchestratord and orchestrate, whose containers are plain processes.
#include <signal.h>
#include <unistd.h>

#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

TEST_CASE("the article's commands give the article's answers", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const Result made = scene.run_client({"run", "--name", "hello", "--", "echo", "hello world"});
    INFO(made);
    CHECK(made.exit_code == 0);
    CHECK(made.out == scene.inspect("hello").find("Id")->as_string() + "\n");
    CHECK(scene.wait("hello") == 0);
    const Result list = scene.run_client({"ps", "-a"});
    INFO(list);
    CHECK(list.out.find("hello") != std::string::npos);
    CHECK(list.out.find("Exited (0)") != std::string::npos);
    const Result logs = scene.run_client({"logs", "hello"});
    INFO(logs);
    CHECK(logs.out == "hello world\n");
    const Result gone = scene.run_client({"rm", "hello"});
    INFO(gone);
    CHECK(gone.out == "hello\n");
    CHECK(scene.run_client({"ps", "-aq"}).out.empty());
}

TEST_CASE("the socket is also taken from the environment", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const Result result = run({built("orchestrate"), "run", "--name", "here", "--", "true"},
                              {.environment = {"ORCHESTRATOR_SOCKET=" + scene.socket()}});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(scene.wait("here") == 0);
}

TEST_CASE("a plain process has the directory and environment of its caller", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const std::string place = temporary_directory();
    scene.run_client(
        {"run", "--name", "web", "-e", "B=added", "--", "sh", "-c", "pwd; echo $A $B; id -u"},
        {.environment = {"A=mine"}, .directory = place});
    CHECK(scene.wait("web") == 0);
    CHECK(scene.logs("web").out == place + "\nmine added\n" + std::to_string(::geteuid()) + "\n");
}

// The number that a container has printed as its first line.
static pid_t printed_pid(const EngineScene& scene, const std::string& name) {
    scene.wait_for_logged(name, "\n");
    return static_cast<pid_t>(std::stol(scene.logs(name).out));
}

TEST_CASE("stop ends the whole process group", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_client({"run", "--name", "web", "--", "sh", "-c", "sleep 1000 & echo $!; wait"});
    const pid_t grandchild = printed_pid(scene, "web");
    CHECK(process_exists(grandchild));
    const Result stopped = scene.run_client({"stop", "web"});
    INFO(stopped);
    CHECK(stopped.exit_code == 0);
    CHECK_FALSE(process_exists(grandchild));
    CHECK(scene.exit_code("web") == 143);
}

TEST_CASE("a grandchild that has escaped is ended with its container", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_client({"run", "--name", "web", "--", "sh", "-c",
                      "setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000"});
    const pid_t grandchild = printed_pid(scene, "web");
    CHECK(process_exists(grandchild));
    CHECK(scene.run_client({"stop", "web"}).exit_code == 0);
    CHECK_FALSE(process_exists(grandchild));
}

TEST_CASE("an escaped grandchild that ends by itself is reaped", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_client({"run", "--name", "web", "--", "sh", "-c",
                      "(setsid sh -c 'echo $$; read x < /dev/null' &); exec sleep 1000"});
    const pid_t grandchild = printed_pid(scene, "web");
    wait_until([&] { return !process_exists(grandchild); }, "the grandchild was reaped");
    CHECK(scene.status("web") == "running");
}

TEST_CASE("a container's input stays open for attach", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    scene.run_client(
        {"run", "--name", "web", "--", "sh", "-c", "while read line; do echo got $line; done"});
    for (const std::string word : {"one", "two"}) {
        Process attached{scene.client({"attach", "web"})};
        attached.send(word + "\n");
        attached.wait_for_output("got " + word + "\n");
        attached.close_stdin();
        CHECK(attached.wait() == 0);
    }
    CHECK(scene.status("web") == "running");
    CHECK(scene.logs("web").out == "got one\ngot two\n");
}

TEST_CASE("with isolation the same command is a container", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const Result made = scene.run_client({"run", "--isolation", "default", "--name", "web", "--",
                                          "sh", "-c", "echo $$; hostname; pwd"});
    INFO(made);
    CHECK(made.exit_code == 0);
    CHECK(scene.wait("web") == 0);
    CHECK(scene.logs("web").out == "1\n" + made.out.substr(0, 12) + "\n/\n");
    EngineScene slipway;
    const Result plain = slipway.run_client(
        {"run", "--rm", "--isolation", "none", "--", "sh", "-c", "readlink /proc/self/ns/mnt"});
    INFO(plain);
    CHECK(plain.out == run({"readlink", "/proc/self/ns/mnt"}).out);
}

TEST_CASE("what cannot be started is told, and the container stays created", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    const Result missing = scene.run_client({"run", "--name", "web", "--", "nosuch"});
    INFO(missing);
    CHECK(missing.exit_code == 127);
    CHECK(missing.err.starts_with("orchestrate: "));
    CHECK(scene.status("web") == "created");
    const Result none = run({built("orchestrate"), "--socket", scene.root() + "/nosuch", "ps"});
    INFO(none);
    CHECK(none.exit_code == 1);
}
