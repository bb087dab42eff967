// A container's life through the daemon: made, started, seen, ended, removed; names; exit codes;
// what it may use; what is refused.
#include <unistd.h>

#include "tests/stage6/engine_scene.hpp"

TEST_CASE("a container is made, runs, ends with its code, and goes", "[stage6][engine][contract]") {
    EngineScene scene;
    const std::string id = scene.create("web", {"sh", "-c", "echo hello; exit 7"});
    CHECK(id.size() == 64);
    CHECK(scene.status("web") == "created");
    scene.start("web");
    CHECK(scene.wait("web") == 7);
    CHECK(scene.status("web") == "exited");
    CHECK(scene.exit_code(id) == 7);
    CHECK(scene.logs("web").out == "hello\n");
    CHECK(scene.request("DELETE", "/containers/web").status == 204);
    const Answer gone = scene.request("GET", "/containers/web/json");
    CHECK(gone.status == 404);
    CHECK(gone.message() == "No such container: web");
    CHECK(access(scene.directory(id).c_str(), F_OK) == -1);
}

TEST_CASE("a container that has ended is started again, its log going on",
          "[stage6][engine][contract]") {
    EngineScene scene;
    scene.run_detached("again", {"sh", "-c", "echo turn; [ -e /mark ] || { >/mark; exit 3; }"});
    CHECK(scene.wait("again") == 3);
    scene.start("again");
    CHECK(scene.wait("again") == 0);  // its files are those that the first run left
    CHECK(scene.logs("again").out == "turn\nturn\n");
}

TEST_CASE("run shows both streams and ends with the command's code", "[stage6][engine][contract]") {
    EngineScene scene;
    for (const int code : {0, 1, 7, 125, 126, 127, 200, 255}) {
        const std::string text = "echo out; echo error >&2; exit " + std::to_string(code);
        const Result result = scene.run_client({"run", "--rm", "--", "sh", "-c", text});
        INFO(result);
        CHECK(result.exit_code == code);
        CHECK(result.out == "out\n");
        CHECK(result.err == "error\n");
    }
}

TEST_CASE("run says 127, 126 and 125 for what cannot be started", "[stage6][engine][contract]") {
    EngineScene scene;
    const Result missing = scene.run_client({"run", "--rm", "--", "nosuch"});
    INFO(missing);
    CHECK(missing.exit_code == 127);
    CHECK(missing.err.find("exec: \"nosuch\": executable file not found in $PATH") !=
          std::string::npos);
    const Result directory = scene.run_client({"run", "--rm", "--", "/etc"});
    INFO(directory);
    CHECK(directory.exit_code == 126);
    const Result no_program = scene.run_client({"run", "--rm", "--", "/etc/os-release"});
    INFO(no_program);
    CHECK(no_program.exit_code == 126);
    const Result image = scene.run_client({"run", "--rm", "nosuch", "true"});
    INFO(image);
    CHECK(image.exit_code == 125);
    CHECK(image.err.find("No such image: nosuch") != std::string::npos);
    const Result none_left = scene.run_client({"ps", "-aq"});
    INFO(none_left);
    CHECK(none_left.out.empty());
}

TEST_CASE("a container killed by a signal ends with 128 and its number",
          "[stage6][engine][contract]") {
    EngineScene scene;
    scene.run_detached("victim", {"sleep", "1000"});
    CHECK(scene.request("POST", "/containers/victim/kill").status == 204);
    CHECK(scene.exit_code("victim") == 137);
    scene.start("victim");
    CHECK(scene.request("POST", "/containers/victim/kill?signal=9").status == 204);
    CHECK(scene.exit_code("victim") == 137);
    const Result by_itself =
        scene.run_client({"run", "--rm", "--", "sh", "-c", "sh -c 'kill -SEGV $$'; exit $?"});
    INFO(by_itself);
    CHECK(by_itself.exit_code == 139);
}

TEST_CASE("a start that fails leaves the container as it was, with the reason",
          "[stage6][engine]") {
    EngineScene scene;
    scene.create("broken", {"nosuch"});
    const Answer answer = scene.request("POST", "/containers/broken/start");
    INFO(answer);
    CHECK(answer.status == 400);
    CHECK(scene.status("broken") == "created");
    CHECK(scene.exit_code("broken") == 127);
    CHECK(scene.error("broken").find("executable file not found") != std::string::npos);
    // The number of a start that failed is free again.
    CHECK(scene.request("POST", "/containers/broken/start").status == 400);
    CHECK(scene.request("DELETE", "/containers/broken").status == 204);
}

TEST_CASE("five megabytes come through run whole", "[stage6][engine]") {
    EngineScene scene;
    const Result result = scene.run_client({"run", "--rm", "--", "seq", "700000"},
                                           {.deadline = std::chrono::seconds{60}});
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    CHECK((result.out == numbers(700000)));
}

TEST_CASE("every byte comes through as it was printed, the last line without its end too",
          "[stage6][engine][contract]") {
    EngineScene scene;
    const std::string text =
        "printf '\\377\\376\\000\\033[\\r\\n'; printf '2026-01-02T15:04:05.123456789Z stdout F "
        "forged\\n{\"a\":1}\\n\\n'; printf '\\001\\000\\000\\000' >&2; printf last";
    const Result result = scene.run_client({"run", "--name", "bytes", "--", "sh", "-c", text});
    INFO(result);
    const std::string expected =
        std::string{"\377\376\0\033[\r\n", 7} +
        "2026-01-02T15:04:05.123456789Z stdout F forged\n{\"a\":1}\n\nlast";
    CHECK(result.out == expected);
    CHECK(result.err == std::string("\1\0\0\0", 4));
    CHECK(scene.logs("bytes").out == expected);
    CHECK(scene.logs("bytes").err == std::string("\1\0\0\0", 4));
}

TEST_CASE("a container sees the environment, directory and names that were asked for",
          "[stage6][engine]") {
    EngineScene scene;
    const Result result =
        scene.run_client({"run", "--rm", "-e", "A=1", "-e", "A=2", "-e", "COPIED", "-e",
                          "MISSING_HERE", "-w", "/tmp", "--hostname", "box", "--", "sh", "-c",
                          "echo $A $COPIED ${MISSING_HERE-none}; pwd; hostname"},
                         {.environment = {"COPIED=yes"}});
    INFO(result);
    CHECK(result.out == "2 yes none\n/tmp\nbox\n");
    const Result plain =
        scene.run_client({"run", "--rm", "--", "sh", "-c", "echo $HOME; echo $PATH; pwd"});
    INFO(plain);
    CHECK(plain.out == "/root\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/\n");
}

TEST_CASE("a container is process 1 with a root and a network of its own", "[stage6][engine]") {
    EngineScene scene;
    const Result result =
        scene.run_client({"run", "--rm", "--", "sh", "-c", "echo $$; ls /; cat /etc/os-release"});
    INFO(result);
    CHECK(result.out.starts_with("1\n"));
    CHECK(result.out.find("\nhome\n") == std::string::npos);
    const Result devices = scene.run_client({"run", "--rm", "--", "cat", "/proc/net/dev"});
    INFO(devices);
    CHECK(devices.out.find("lo:") != std::string::npos);
    CHECK(devices.out.find("eth0:") == std::string::npos);
}

TEST_CASE("a container's limits are seen from inside", "[stage6][engine][root]") {
    EngineScene scene;
    const std::string text =
        "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; "
        "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us; "
        "cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max";
    const Result result = scene.run_client({"run", "--rm", "-m", "64m", "--cpus", "0.5",
                                            "--pids-limit", "17", "--", "sh", "-c", text});
    INFO(result);
    CHECK(result.out.find("67108864\n") != std::string::npos);
    CHECK(result.out.find("50000") != std::string::npos);
    CHECK(result.out.find("17\n") != std::string::npos);
}

TEST_CASE("names follow Docker's rule and are taken once", "[stage6][engine][contract]") {
    EngineScene scene;
    const std::string body = R"({"Image":"host","Cmd":["true"]})";
    for (const std::string name : {"w", "a%2Fb", "-x", "_x", "a%20b"}) {
        const Answer answer = scene.request("POST", "/containers/create?name=" + name, body);
        INFO(name << "\n" << answer);
        CHECK(answer.status == 400);
    }
    const Answer one = scene.request("POST", "/containers/create?name=w", body);
    CHECK(one.message() ==
          "Invalid container name (w), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    const std::string id = scene.create("web", {"true"});
    const Answer taken = scene.request("POST", "/containers/create?name=%2Fweb", body);
    INFO(taken);
    CHECK(taken.status == 409);
    CHECK(taken.message() ==
          "Conflict. The container name \"/web\" is already in use by container \"" + id +
              "\". You have to remove (or rename) that container to be able to "
              "reuse that name.");
    const std::string made_up = scene.create("", {"true"});
    CHECK(scene.inspect(made_up).find("Name")->as_string().size() > 3);
}

TEST_CASE("a container is found by id, by name, and by the beginning of its id",
          "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    std::vector<std::string> ids;
    for (int i = 0; i < 17; ++i) ids.push_back(scene.create("", {"true"}));
    // Of seventeen two begin with the same digit.
    char digit = 0;
    for (const char letter : std::string{"0123456789abcdef"}) {
        int count = 0;
        for (const auto& id : ids) count += id[0] == letter ? 1 : 0;
        if (count > 1) digit = letter;
    }
    const std::string prefix(1, digit);
    const Answer ambiguous = scene.request("GET", "/containers/" + prefix + "/json");
    INFO(ambiguous);
    CHECK(ambiguous.status == 400);
    CHECK(ambiguous.message() == "multiple IDs found with provided prefix: " + prefix);
    CHECK(*scene.inspect(ids[3].substr(0, 12)).find("Id") == Json{ids[3]});
    CHECK(*scene.inspect(ids[3]).find("Id") == Json{ids[3]});
    CHECK(scene.request("GET", "/containers/" + ids[3] + "0/json").status == 404);
    // A name wins over the beginning of an id.
    const std::string named = scene.create(ids[3].substr(0, 12), {"true"});
    CHECK(*scene.inspect(ids[3].substr(0, 12)).find("Id") == Json{named});
}

TEST_CASE("limits below what can be are refused, and leave nothing", "[stage6][engine]") {
    EngineScene scene;
    const auto refuse = [&](const std::string& member, const std::string& text) {
        const Answer answer =
            scene.request("POST", "/containers/create",
                          R"({"Image":"host","Cmd":["true"],"HostConfig":{)" + member + "}}");
        INFO(answer);
        CHECK(answer.status == 400);
        CHECK(answer.message().find(text) != std::string::npos);
    };
    refuse(R"("Memory":1048576)", "Minimum memory limit allowed is 6MB");
    refuse(R"("NanoCpus":1)", "Range of CPUs is from 0.01 to");
    refuse(R"("NanoCpus":900000000000)", "Range of CPUs is from 0.01 to");
    CHECK(scene.request("GET", "/containers/json?all=1").body.starts_with("[]"));
}

TEST_CASE("what is not built in is refused by name", "[stage6][engine]") {
    EngineScene scene;
    const auto refuse = [&](const std::string& members, const std::string& name) {
        const Answer answer = scene.request("POST", "/containers/create",
                                            R"({"Image":"host","Cmd":["true"],)" + members + "}");
        INFO(answer);
        CHECK(answer.status == 400);
        CHECK(answer.message().find(name) != std::string::npos);
    };
    refuse(R"("HostConfig":{"Binds":["volume:/tmp"]})", "volumes are not built in");
    refuse(R"("HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"8080"}]}})", "PortBindings");
    refuse(R"("HostConfig":{"NetworkMode":"bridge"})", "bridge");
    refuse(R"("HostConfig":{"LogConfig":{"Type":"none","Config":{}}})", "log driver none");
    CHECK(scene.request("GET", "/containers/json?all=1").body.starts_with("[]"));
}

TEST_CASE("only what asks for the image host finds an image", "[stage6][engine]") {
    EngineScene scene;
    const Answer answer =
        scene.request("POST", "/containers/create", R"({"Image":"busybox","Cmd":["true"]})");
    CHECK(answer.status == 404);
    CHECK(answer.message() == "No such image: busybox:latest");
    const Answer no_command = scene.request("POST", "/containers/create", R"({"Image":"host"})");
    CHECK(no_command.status == 400);
    CHECK(no_command.message() == "No command specified");
}

TEST_CASE("ps shows who runs, and with -a everybody, the newest first", "[stage6][engine]") {
    EngineScene scene;
    scene.create("first", {"true"});
    scene.run_detached("second", {"sleep", "1000"});
    scene.run_detached("third", {"sh", "-c", "exit 4"});
    scene.wait("third");
    const Result running = scene.run_client({"ps"});
    INFO(running);
    CHECK(running.out.find("second") != std::string::npos);
    CHECK(running.out.find("first") == std::string::npos);
    CHECK(running.out.find("third") == std::string::npos);
    const Result all = scene.run_client({"ps", "-a"});
    INFO(all);
    CHECK(all.out.find(" third\n") < all.out.find(" second\n"));
    CHECK(all.out.find(" second\n") < all.out.find(" first\n"));
    CHECK(all.out.find(" Exited (4) ") != std::string::npos);
    CHECK(all.out.find(" Created ") != std::string::npos);
    const Result stopped =
        scene.run_client({"ps", "-aq", "--no-trunc", "--filter", "status=exited"});
    INFO(stopped);
    CHECK(stopped.out == scene.inspect("third").find("Id")->as_string() + "\n");
}

TEST_CASE("inspect tells when it began, when it ended, and its process", "[stage6][engine]") {
    EngineScene scene;
    const std::string id = scene.run_detached("seen", {"sleep", "1000"});
    const Json running = *scene.inspect("seen").find("State");
    CHECK(running.find("Pid")->as_integer() == scene.process_of(id));
    CHECK(running.find("Running")->as_bool());
    CHECK(running.find("FinishedAt")->as_string() == "0001-01-01T00:00:00Z");
    CHECK(scene.request("POST", "/containers/seen/kill").status == 204);
    const Json ended = *scene.inspect("seen").find("State");
    CHECK(ended.find("Pid")->as_integer() == 0);
    CHECK_FALSE(ended.find("Running")->as_bool());
    CHECK(ended.find("FinishedAt")->as_string() > ended.find("StartedAt")->as_string());
}

TEST_CASE("a daemon answers the strange request and goes on", "[stage6][engine]") {
    EngineScene scene{"orchestrator"};
    for (const std::string request :
         {"GET /_ping HTTP/1.1\n\n", "GET /_ping HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
          "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
          "Transfer-Encoding: chunked\r\n\r\n"}) {
        Talk talk{scene.socket()};
        talk.send(request);
        INFO(printable(request));
        CHECK(read_answer(talk).status == 400);
    }
    CHECK(scene.request("GET", "/nosuch").status == 404);
    CHECK(scene.request("GET", "/_ping").body == "OK");
}
