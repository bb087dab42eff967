// `run`, `attach` and `exec` from outside, with a daemon that the test plays.
#include "common/file.hpp"
#include "tests/stage6/client_scene.hpp"

static const std::string kId(64, 'a');
static const std::string kContainer = "/containers/" + kId;
static const std::string kAttach =
    "POST " + kContainer + "/attach?stream=1&stdout=1&stderr=1&offsets=1";
static const std::string kAttachInput =
    "POST " + kContainer + "/attach?stream=1&stdout=1&stderr=1&stdin=1&offsets=1";

// Plays a foreground run up to the answer to `start`.
struct ActedRun {
    ActedRun(ActedDaemon& daemon, const std::string& attach = kAttach,
             const std::string& condition = "next-exit")
        : plain{daemon.expect("POST /containers/create")} {
        plain.answer(201, "{\"Id\":\"" + kId + "\",\"Warnings\":[]}");
        stream = std::make_unique<ActedConnection>(daemon.expect(attach));
        stream->begin_upgraded();
        result = std::make_unique<ActedConnection>(
            daemon.expect("POST " + kContainer + "/wait?condition=" + condition));
        result->begin_chunked();
        request = plain.request();
    }

    void end(int code) {
        stream.reset();
        result->send_chunk("{\"StatusCode\":" + std::to_string(code) + "}");
        result->end_chunks();
    }

    ActedConnection plain;
    std::unique_ptr<ActedConnection> stream, result;
    std::string request;
};

TEST_CASE("run attaches and waits before it starts, and ends with the command's exit code",
          "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"run", "--", "echo", "hi"})};
    ActedRun scene{daemon};
    CHECK(scene.request == "POST " + kContainer + "/start");
    scene.plain.answer(204);
    scene.stream->send(frame(StreamType::standard_output, "out\n"));
    scene.stream->send(frame(StreamType::standard_error, "err\n"));
    scene.end(7);
    CHECK(client.wait() == 7);
    CHECK(client.out() == "out\n");
    CHECK(client.err() == "err\n");
}

TEST_CASE("run --rm waits for the removal", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"run", "--rm", "host", "true"})};
    ActedRun scene{daemon, kAttach, "removed"};
    scene.plain.answer(204);
    scene.end(0);
    CHECK(client.wait() == 0);
}

// What the command sends to be created.
static Json create_body_of(ActedDaemon& daemon, const std::vector<std::string>& words,
                           bool orchestrate = false) {
    Process client{orchestrate ? daemon.orchestrate(words) : daemon.slipway(words)};
    ActedConnection connection = daemon.accept();
    connection.request();
    Json body = connection.json();
    connection.refuse(409, "enough");
    client.wait();
    return body;
}

TEST_CASE("the image is what stands before the command, and host where nothing does",
          "[stage6][client]") {
    ActedDaemon daemon;
    struct {
        std::vector<std::string> words;
        std::string image;
        std::vector<std::string> command;
    } const rows[] = {
        {{"create", "--", "echo", "-n"}, "host", {"echo", "-n"}},
        {{"create", "tiny", "echo", "--rm"}, "tiny", {"echo", "--rm"}},
        {{"create", "tiny", "--", "echo"}, "tiny", {"echo"}},
        {{"create", "tiny", "sh", "--", "x"}, "tiny", {"sh", "--", "x"}},
        {{"create", "--name", "--", "--", "x"}, "host", {"x"}},
        {{"create", "tiny"}, "tiny", {}},
    };
    for (const auto& row : rows) {
        const Json body = create_body_of(daemon, row.words);
        INFO(body.text());
        CHECK(body.find("Image")->as_string() == row.image);
        CHECK(*body.find("Cmd") == Json::array(row.command));
    }
}

TEST_CASE("options of run become Docker's fields", "[stage6][client]") {
    ActedDaemon daemon;
    const Json body =
        create_body_of(daemon, {"run", "-di", "--rm", "-e", "A=1", "-eA=2", "-w", "/tmp", "-h",
                                "box", "-m", "64m", "--cpus=1.5", "--pids-limit", "20", "--", "x"});
    INFO(body.text());
    const Json& host = *body.find("HostConfig");
    CHECK(host.find("Memory")->as_integer() == 64 << 20);
    CHECK(host.find("NanoCpus")->as_integer() == 1'500'000'000);
    CHECK(host.find("PidsLimit")->as_integer() == 20);
    CHECK(host.find("AutoRemove")->as_bool());
    CHECK(host.find("Isolation")->as_string() == "default");
    CHECK(*body.find("Env") == Json::array({"A=2"}));
    CHECK(body.find("WorkingDir")->as_string() == "/tmp");
    CHECK(body.find("Hostname")->as_string() == "box");
    CHECK(body.find("OpenStdin")->as_bool());
    CHECK_FALSE(body.find("StdinOnce")->as_bool());
    CHECK_FALSE(body.find("AttachStdout")->as_bool());
}

TEST_CASE("orchestrate run sends a plain process in our directory and prints its id",
          "[stage6][client]") {
    ActedDaemon daemon;
    const std::string directory = temporary_directory();
    Process client{daemon.orchestrate({"run", "--name", "hello", "--", "echo", "hello world"}),
                   {.environment = {"SLIPWAY_MARK=x"}, .directory = directory}};
    ActedConnection connection = daemon.expect("POST /containers/create?name=hello");
    const Json body = connection.json();
    CHECK(body.find("WorkingDir")->as_string() == directory);
    CHECK(body.find("OpenStdin")->as_bool());
    CHECK_FALSE(body.find("StdinOnce")->as_bool());
    CHECK(body.find("HostConfig")->find("Isolation")->as_string() == "none");
    CHECK(body.find("Env")->text().find("\"SLIPWAY_MARK=x\"") != std::string::npos);
    connection.answer(201, "{\"Id\":\"" + kId + "\"}");
    CHECK(connection.request() == "POST " + kContainer + "/start");
    connection.answer(204);
    CHECK(client.wait() == 0);
    CHECK(client.out() == kId + "\n");
    const Json isolated =
        create_body_of(daemon, {"run", "--isolation", "default", "--", "x"}, true);
    CHECK(isolated.find("Env")->as_array().empty());
    CHECK(isolated.find("WorkingDir")->as_string().empty());
}

TEST_CASE("the message of a failed start decides between 125, 126 and 127", "[stage6][client]") {
    struct {
        std::string message;
        int exit_code;
    } const rows[] = {{"exec: \"x\": executable file not found in $PATH", 127},
                      {"exec: \"/x\": no such file or directory", 127},
                      {"exec: \"/x\": permission denied", 126},
                      {"exec: \"/tmp\": is a directory", 126},
                      {"no room", 125}};
    for (const auto& row : rows) {
        ActedDaemon daemon;
        Process client{daemon.slipway({"run", "--", "x"})};
        ActedRun scene{daemon};
        scene.plain.refuse(400, row.message);
        CHECK(client.wait() == row.exit_code);
        CHECK(client.err() == "slipway: run: " + row.message + "\n");
    }
}

TEST_CASE("signals are the container's, and the third interrupt ends the client",
          "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"run", "--", "x"})};
    ActedRun scene{daemon};
    scene.plain.answer(204);
    for (const auto& [number, name] :
         {std::pair{SIGHUP, "HUP"}, {SIGTERM, "TERM"}, {SIGINT, "INT"}}) {
        client.signal(number);
        CHECK(scene.plain.request() == "POST " + kContainer + "/kill?signal=" + name);
        scene.plain.answer(204);
    }
    client.signal(SIGINT);
    CHECK(client.wait() == 1);
    CHECK(client.err() == "slipway: run: got 3 SIGTERM/SIGINTs, forcefully exiting\n");
}

TEST_CASE("run -i sends its input whole and ends its side, output still comes",
          "[stage6][client]") {
    std::string input(1 << 20, 'x');
    input += std::string_view{"\0\n\xff", 3};
    ActedDaemon daemon;
    const std::string path = temporary_directory() + "/input";
    write_file(path, input);
    std::vector<std::string> command = {"sh", "-c", "exec \"$@\" <" + path, "sh"};
    for (const auto& word : daemon.slipway({"run", "-i", "--", "cat"})) command.push_back(word);
    Process client{command};
    ActedRun scene{daemon, kAttachInput};
    scene.plain.answer(204);
    CHECK(scene.stream->read_to_end() == input);
    scene.stream->send(frame(StreamType::standard_output, "done"));
    scene.end(0);
    CHECK(client.wait() == 0);
    CHECK(client.out() == "done");
}

TEST_CASE("run survives a daemon that comes back: nothing lost, nothing twice, the exit code",
          "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"run", "--", "count"})};
    {
        ActedRun scene{daemon};
        scene.plain.answer(204);
        scene.stream->send(
            frame_at("0000000000000010", StreamType::standard_output, "one\n") +
            frame_at("0000000000000020", StreamType::standard_error, "two\n") +
            frame_at("0000000000000030", StreamType::standard_output, "three\n").substr(0, 28));
        client.wait_for_error("two");
        daemon.go_away();
    }
    daemon.listen();
    ActedConnection output = daemon.expect(
        "GET " + kContainer + "/logs?follow=1&stdout=1&stderr=1&offsets=1&offset=0000000000000020");
    output.begin_chunked();
    ActedConnection result = daemon.expect("POST " + kContainer + "/wait?condition=not-running");
    result.begin_chunked();
    output.send_chunk(frame_at("0000000000000030", StreamType::standard_output, "three\n"));
    output.end_chunks();
    result.send_chunk("{\"StatusCode\":3}");
    result.end_chunks();
    CHECK(client.wait() == 3);
    CHECK(client.out() == "one\nthree\n");
    CHECK(client.err() == "two\n");
}

TEST_CASE("run says in one line that a daemon without offsets has gone", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"run", "--", "count"})};
    {
        ActedRun scene{daemon};
        scene.plain.answer(204);
        scene.stream->send(frame(StreamType::standard_output, "one\n"));
        client.wait_for_output("one");
    }
    CHECK(client.wait() == 125);
    CHECK(client.err() ==
          "slipway: run: the daemon closed the connection; container aaaaaaaaaaaa goes on without "
          "us\n");
}

TEST_CASE("a container that is gone with the daemon ends run with 125", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"run", "--", "count"})};
    {
        ActedRun scene{daemon};
        scene.plain.answer(204);
        CHECK(scene.stream);
    }
    daemon
        .expect("GET " + kContainer +
                "/logs?follow=1&stdout=1&stderr=1&offsets=1&offset=0000000000000000")
        .refuse(404, "No such container: aaaaaaaaaaaa");
    CHECK(client.wait() == 125);
    CHECK(client.err() ==
          "slipway: run: the daemon went away and came back without container aaaaaaaaaaaa: No "
          "such container: aaaaaaaaaaaa\n");
}

TEST_CASE("an error in mid-stream is shown and ends run with 125", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"run", "--", "x"})};
    ActedRun scene{daemon};
    scene.plain.answer(204);
    scene.stream->send(frame(StreamType::system_error, "too far behind\x1b"));
    CHECK(client.wait() == 125);
    CHECK(client.err() == "slipway: run: error from daemon in stream: too far behind\\x1b\n");
}

static std::string inspected(const std::string& state, bool stdin_once) {
    return R"({"Id":")" + kId + R"(","State":{)" + state + R"(},"HostConfig":{},)" +
           R"("Config":{"OpenStdin":true,"StdinOnce":)" + (stdin_once ? "true" : "false") + "}}";
}

TEST_CASE("attach ends with 0 when its input ends and the container runs on", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.orchestrate({"attach", "shell"})};
    ActedConnection plain = daemon.expect("GET /containers/shell/json");
    plain.answer(200, inspected("\"Running\":true", false));
    ActedConnection stream = daemon.expect(kAttachInput);
    stream.begin_upgraded();
    ActedConnection result = daemon.expect("POST " + kContainer + "/wait?condition=not-running");
    result.begin_chunked();
    client.send("echo hi\n");
    client.close_stdin();
    CHECK(stream.read_to_end() == "echo hi\n");
    stream.send(frame(StreamType::standard_output, "hi\n"));
    stream = ActedConnection{Fd{}};
    CHECK(plain.request() == "GET " + kContainer + "/json");
    plain.answer(200, inspected("\"Running\":true", false));
    CHECK(client.wait() == 0);
    CHECK(client.out() == "hi\n");
}

TEST_CASE("attach refuses a container that does not run", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"attach", "web"})};
    daemon.expect("GET /containers/web/json").answer(200, inspected("\"Running\":false", true));
    CHECK(client.wait() == 1);
    CHECK(client.err() ==
          "slipway: attach: You cannot attach to a stopped container, start it first\n");
}

TEST_CASE("exec streams both ways and ends with the command's exit code", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.orchestrate({"exec", "shell", "--", "cat"})};
    ActedConnection plain = daemon.expect("POST /containers/shell/exec");
    CHECK(*plain.json().find("Cmd") == Json::array({"cat"}));
    CHECK(plain.json().find("AttachStdin")->as_bool());
    plain.answer(201, R"({"Id":"e1"})");
    {
        ActedConnection stream = daemon.expect("POST /exec/e1/start");
        stream.begin_upgraded();
        client.send("hi\n");
        client.close_stdin();
        CHECK(stream.read_to_end() == "hi\n");
        stream.send(frame(StreamType::standard_output, "hi\n"));
    }
    CHECK(plain.request() == "GET /exec/e1/json");
    plain.answer(200, R"({"ExitCode":4})");
    CHECK(client.wait() == 4);
    CHECK(client.out() == "hi\n");
}
