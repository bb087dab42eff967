// The article's suite "logs": the cap of the ring buffer, and follow; in both kinds of containers.
#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

// "TIME stdout F text\n": so many bytes are added to a text in the log, its newline among them.
static constexpr std::size_t kHeaderBytes = 40;

static std::function<void(Json&)> with_log(const std::string& options) {
    return [options](Json& body) {
        body["HostConfig"]["LogConfig"] =
            Json::object({{"Type", "json-file"}, {"Config", parse_json(options)}});
        body["OpenStdin"] = true;
    };
}

static void send_line(const EngineScene& scene, const std::string& name, const std::string& line) {
    Talk talk{scene.socket()};
    talk.request("POST", "/containers/" + name + "/attach?stream=1&stdin=1&stdout=1",
                 "Connection: Upgrade\r\nUpgrade: tcp\r\n");
    talk.read_head();
    talk.send(line + "\n");
    talk.wait_for(line + "\n");
}

TEST_CASE("a log is cut at its cap, and not a byte before", "[stage6][logs]") {
    for (const char* family : {"slipway", "orchestrator"}) {
        INFO(family);
        EngineScene scene{family};
        // Two entries of a hundred bytes fill it to the last byte.
        const std::string id =
            scene.run_detached("web", {"cat"}, with_log(R"({"max-size":"200","max-file":"2"})"));
        const std::string log = scene.directory(id) + "/log";
        const std::string fits(100 - kHeaderBytes - 1, 'a');
        send_line(scene, "web", fits);
        send_line(scene, "web", fits);
        CHECK(read_file(log).size() == 200);
        CHECK_FALSE(file_exists(log + ".1"));
        send_line(scene, "web", "b");
        CHECK(read_file(log).size() == kHeaderBytes + 2);
        CHECK(read_file(log + ".1").size() == 200);
        CHECK(scene.logs("web").out == fits + "\n" + fits + "\nb\n");
        // A byte less than what would still fit stays; a byte more does not.
        send_line(scene, "web", std::string(200 - kHeaderBytes - 2 - kHeaderBytes - 1, 'c'));
        CHECK(read_file(log).size() == 200);
        send_line(scene, "web", "d");
        CHECK(read_file(log).size() == kHeaderBytes + 2);
        CHECK_FALSE(file_exists(log + ".2"));
        CHECK(scene.logs("web").out.starts_with("b\nccc"));
        CHECK(scene.logs("web", "&tail=1").out == "d\n");
        CHECK(scene.logs("web", "&tail=3").out.starts_with("b\n"));
        CHECK(scene.logs("web", "&tail=0").out.empty());
    }
}

TEST_CASE("an entry that is larger than the cap has a file of its own", "[stage6][logs]") {
    EngineScene scene{"orchestrator"};
    const std::string id =
        scene.run_detached("web", {"cat"}, with_log(R"({"max-size":"50","max-file":"3"})"));
    const std::string text(1000, 'x');
    send_line(scene, "web", "first");
    send_line(scene, "web", text);
    send_line(scene, "web", "last");
    CHECK(scene.logs("web").out == "first\n" + text + "\nlast\n");
    CHECK(file_exists(scene.directory(id) + "/log.2"));
}

TEST_CASE("with one file the log begins anew", "[stage6][logs]") {
    EngineScene scene{"orchestrator"};
    const std::string id = scene.run_detached("web", {"cat"}, with_log(R"({"max-size":"100"})"));
    for (const std::string line : {"first line of all", "second line of all", "third"}) {
        send_line(scene, "web", line);
    }
    CHECK(scene.logs("web").out == "third\n");
    CHECK_FALSE(file_exists(scene.directory(id) + "/log.1"));
}

TEST_CASE("a follower reads on through the files as they are renamed", "[stage6][logs]") {
    for (const char* family : {"slipway", "orchestrator"}) {
        INFO(family);
        EngineScene scene{family};
        scene.run_detached("web", {"cat"}, with_log(R"({"max-size":"150"})"));
        Talk follower{scene.socket()};
        follower.request("GET", "/containers/web/logs?follow=1&stdout=1", "Connection: close\r\n");
        follower.read_head();
        std::string all;
        for (int line = 0; line < 30; ++line) {
            const std::string text = "line " + std::to_string(line);
            send_line(scene, "web", text);
            follower.wait_for(text + "\n");
            all += text + "\n";
        }
        CHECK(scene.request("POST", "/containers/web/kill").status == 204);
        follower.read_to_end();
        CHECK(scene.logs("web").out.size() < all.size());
    }
}

TEST_CASE("a follower that does not read keeps eight files, and is told when it lacks one",
          "[stage6][logs]") {
    EngineScene scene{"orchestrator"};
    scene.create("web", {"sh", "-c", "seq 300000; cat"},
                 with_log(R"({"max-size":"64k","max-file":"2"})"));
    Talk follower{scene.socket()};
    follower.request("POST", "/containers/web/attach?stream=1&stdout=1",
                     "Connection: Upgrade\r\nUpgrade: tcp\r\n");
    follower.read_head();
    scene.start("web");
    scene.wait_for_logged("web", "\n300000\n");
    CHECK(follower.read_to_end().find("the log was rotated away before it was read") !=
          std::string::npos);
    CHECK(scene.logs("web", "&tail=2").out == "299999\n300000\n");
}

TEST_CASE("a rotated log is whole after the daemon has been away", "[stage6][logs]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"cat"}, with_log(R"({"max-size":"300","max-file":"50"})"));
    std::string all;
    for (int line = 0; line < 40; ++line) {
        const std::string text = "line " + std::to_string(line);
        send_line(scene, "web", text);
        all += text + "\n";
        if (line == 20) scene.restart();
    }
    CHECK(scene.logs("web").out == all);
    CHECK(scene.request("POST", "/containers/web/restart?t=0").status == 204);
    send_line(scene, "web", "after");
    CHECK(scene.logs("web").out == all + "after\n");
}

TEST_CASE("logs since, until, with times and with details", "[stage6][logs]") {
    EngineScene scene{"orchestrator"};
    scene.run_detached("web", {"sh", "-c", "echo first; read line; echo $line; cat"},
                       [](Json& body) {
                           with_log(R"({"labels":"who,nope","env":"COLOR"})")(body);
                           body["Labels"] = Json::object({{"who", "me"}, {"other", "x"}});
                           body["Env"] = Json::array({"COLOR=blue"});
                       });
    scene.wait_for_logged("web", "first");
    const std::string stamped = scene.logs("web", "&timestamps=1").out;
    REQUIRE(stamped.size() == 31 + 6);
    CHECK(stamped.substr(31) == "first\n");
    CHECK(scene.logs("web", "&details=1").out == "COLOR=blue,who=me first\n");
    CHECK(scene.logs("web", "&details=1&timestamps=1").out ==
          stamped.substr(0, 31) + "COLOR=blue,who=me first\n");
    const Result date = run({"date", "-d", stamped.substr(0, 30), "+%s.%N"});
    const std::string seconds = date.out.substr(0, date.out.size() - 1);
    send_line(scene, "web", "second");
    CHECK(scene.logs("web", "&until=" + seconds).out == "first\n");
    CHECK(scene.logs("web", "&since=" + seconds).out == "first\nsecond\n");
    CHECK(scene.logs("web", "&follow=1&until=" + seconds).out == "first\n");
    CHECK(scene.request("GET", "/containers/web/logs?stdout=1&since=x").status == 400);
}

TEST_CASE("log options that cannot be are refused in docker's words", "[stage6][logs]") {
    EngineScene scene{"orchestrator"};
    struct Attempt {
        std::string config, says;
    };
    const Attempt attempts[] = {
        {R"({"Type":"nope"})", "error looking up logging plugin nope: plugin \"nope\" not found"},
        {R"({"Type":"json-file","Config":{"foo":"1"}})",
         "unknown log opt 'foo' for json-file log driver"},
        {R"({"Config":{"max-size":"x"}})",
         "failed to initialize logging driver: invalid size: 'x'"},
        {R"({"Config":{"max-size":"1m","max-file":"0"}})",
         "failed to initialize logging driver: max-file cannot be less than 1"},
        {R"({"Config":{"max-size":"1m","max-file":"x"}})",
         "failed to initialize logging driver: strconv.Atoi: parsing \"x\": invalid syntax"},
        {R"({"Config":{"tag":"x"}})", "log opt 'tag' is not built in"},
        {R"({"Type":"none"})",
         "log driver none is not built in: attach and run read the log, and would have nothing to "
         "show"},
    };
    for (const Attempt& attempt : attempts) {
        const Answer answer =
            scene.request("POST", "/containers/create",
                          R"({"Cmd":["true"],"HostConfig":{"LogConfig":)" + attempt.config + "}}");
        INFO(attempt.config << answer);
        CHECK(answer.status == 400);
        CHECK(answer.message() == attempt.says);
    }
    scene.create("local", {"true"}, [](Json& body) {
        body["HostConfig"]["LogConfig"] = Json::object({{"Type", "local"}});
    });
    CHECK(scene.inspect("local").find("HostConfig")->find("LogConfig")->text() ==
          R"({"Type":"local","Config":{}})");
    scene.create("default", {"true"});
    const Json seen = scene.inspect("default");
    CHECK(seen.find("HostConfig")->find("LogConfig")->find("Type")->as_string() == "json-file");
    CHECK(seen.find("LogPath")->as_string() ==
          scene.directory(seen.find("Id")->as_string()) + "/log");
}
