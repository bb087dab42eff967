// The commands that ask and show, and what a client says when something is wrong.
#include <fcntl.h>
#include <unistd.h>

#include <ctime>

#include "common/error.hpp"
#include "tests/stage6/client_scene.hpp"

static const std::string kId(64, 'b');
static const std::string kLogs = "GET /containers/" + kId + "/logs?stdout=1&stderr=1";

TEST_CASE("a client without a daemon says where it looked and what to do", "[stage6][client]") {
    const std::string path = temporary_directory() + "/none.sock";
    const std::string why = "cannot connect to the daemon at unix://" + path + ": ";
    const Result ps = run({built("slipway"), "--host", "unix://" + path, "ps"});
    INFO(ps);
    CHECK(ps.exit_code == 1);
    CHECK(ps.err == "slipway: " + why + "No such file or directory (is slipwayd running?)\n");
    CHECK(run({built("slipway"), "ps"}, {.environment = {"SLIPWAY_HOST=unix://" + path}}).err ==
          ps.err);
    CHECK(run({built("slipway"), "--socket", path, "run", "--", "x"}).exit_code == 125);
    const Result other =
        run({built("orchestrate"), "ps"}, {.environment = {"ORCHESTRATOR_SOCKET=" + path}});
    CHECK(other.err ==
          "orchestrate: " + why + "No such file or directory (is orchestratord running?)\n");
}

TEST_CASE("wrong usage of a client is one line and exit code 125", "[stage6][client]") {
    struct {
        std::vector<std::string> words;
        std::string error;
    } const rows[] = {
        {{}, "the command is missing (try slipway --help)"},
        {{"foo"}, "unknown command foo (try slipway --help)"},
        {{"--host", "tcp://x", "ps"}, "--host tcp://x: only unix:// and a path are understood"},
        {{"ps", "-aqz"}, "ps: unknown option -z (try slipway ps --help)"},
        {{"stop"}, "stop: the name of a container is missing (try slipway stop --help)"},
        {{"logs", "a", "b"}, "logs: unexpected argument b (try slipway logs --help)"},
        {{"run"}, "run: the command to run is missing (try slipway run --help)"},
        {{"run", "-m", "x", "--", "y"},
         "run: --memory x: expected a size such as 512m or 1.5g (b, k, m, g, t)"},
        {{"run", "--cpus", "-1", "--", "y"},
         "run: --cpus -1: expected a number of CPUs such as 0.5 or 2"},
        {{"run", "--isolation", "all", "--", "y"},
         "run: --isolation all: there are none and default"},
        {{"logs", "--since", "soon", "x"},
         "logs: --since soon: expected a time such as 10m, 2026-01-02T15:04:05 or 1700000000"},
    };
    for (const auto& row : rows) {
        std::vector<std::string> command = {built("slipway")};
        command.insert(command.end(), row.words.begin(), row.words.end());
        const Result result = run(command);
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(result.err == "slipway: " + row.error + "\n");
    }
}

// "ps", "image inspect": the commands that --help lists.
static std::vector<std::string> listed_commands(const std::string& help) {
    std::vector<std::string> names;
    const std::string list = help.substr(0, help.find(" COMMAND --help"));
    for (auto at = list.find(":\n  "); at != std::string::npos; at = list.find('\n', at + 1)) {
        if (list.compare(at, 3, "\n  ") != 0) continue;
        names.push_back(list.substr(at + 3, list.find("  ", at + 3) - at - 3));
    }
    return names;
}

TEST_CASE("each command explains itself, with something to try", "[stage6][client]") {
    for (const char* name : {"slipway", "orchestrate"}) {
        const Result help = run({built(name), "--help"});
        INFO(help);
        CHECK(help.exit_code == 0);
        const auto commands = listed_commands(help.out.substr(help.out.find("\n\n") + 2));
        CHECK(commands.size() > 14);
        for (const auto& command : commands) {
            std::vector<std::string> words = {built(name)};
            const auto blank = std::min(command.find(' '), command.size());
            words.push_back(command.substr(0, blank));
            if (blank < command.size()) words.push_back(command.substr(blank + 1));
            words.push_back("--help");
            const Result result = run(words);
            INFO(result);
            CHECK(result.exit_code == 0);
            CHECK(result.out.find(std::string{name} + " " + command) != std::string::npos);
            CHECK(result.out.find("\nTry: ") != std::string::npos);
        }
    }
    CHECK(run({built("slipway"), "--version"}).out.starts_with("slipway "));
    CHECK(run({built("slipway"), "help", "ps"}).out == run({built("slipway"), "ps", "--help"}).out);
}

TEST_CASE("ps shows Docker's columns", "[stage6][client]") {
    const auto list = [] {
        const std::string created = std::to_string(std::time(nullptr) - 190);  // and some seconds
        return R"([{"Id":")" + kId + R"(","Names":["/web"],"Image":"host",)" +
               R"("Command":"sh -c 'while true; do echo x; done'","Created":)" + created +
               R"(,"Status":"Up 3 minutes","State":"running","Ports":[]}])";
    };
    const auto answer = [&](const std::vector<std::string>& words, const std::string& request,
                            bool orchestrate = false) {
        ActedDaemon daemon;
        Process client{orchestrate ? daemon.orchestrate(words) : daemon.slipway(words)};
        daemon.expect(request).answer(200, list());
        CHECK(client.wait() == 0);
        return client.out();
    };
    CHECK(answer({"ps"}, "GET /containers/json") ==
          "CONTAINER ID   IMAGE     COMMAND                  CREATED         STATUS         "
          "PORTS     NAMES\n"
          "bbbbbbbbbbbb   host      \"sh -c 'while true; …\"   3 minutes ago   Up 3 minutes   "
          "          web\n");
    CHECK(answer({"ps", "-a"}, "GET /containers/json?all=1", true) ==
          "CONTAINER ID   COMMAND                  CREATED         STATUS         NAMES\n"
          "bbbbbbbbbbbb   \"sh -c 'while true; …\"   3 minutes ago   Up 3 minutes   web\n");
    CHECK(answer({"ps", "-aq"}, "GET /containers/json?all=1") == "bbbbbbbbbbbb\n");
    CHECK(answer({"ps", "-q", "--no-trunc", "-n3"}, "GET /containers/json?limit=3") == kId + "\n");
    CHECK(answer({"ps", "-lq", "-f", "status=exited"},
                 "GET /containers/json?limit=1&filters="
                 "%7B%22status%22%3A%7B%22exited%22%3Atrue%7D%7D") == "bbbbbbbbbbbb\n");
}

TEST_CASE("of several containers those that can be stopped are, and the others are named",
          "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"stop", "a b", "-t", "1", "web", "-s", "INT"})};
    ActedConnection connection = daemon.expect("POST /containers/a%20b/stop?signal=INT&t=1");
    connection.refuse(404, "No such container: a b");
    CHECK(connection.request() == "POST /containers/web/stop?signal=INT&t=1");
    connection.answer(304);
    CHECK(client.wait() == 1);
    CHECK(client.out() == "web\n");
    CHECK(client.err() == "slipway: stop a b: No such container: a b\n");
}

TEST_CASE("rm -f of a container that is not there is no failure", "[stage6][client]") {
    for (const bool force : {true, false}) {
        ActedDaemon daemon;
        Process client{daemon.slipway(force ? std::vector<std::string>{"rm", "-f", "x"}
                                            : std::vector<std::string>{"rm", "x"})};
        daemon.expect(force ? "DELETE /containers/x?force=1" : "DELETE /containers/x")
            .refuse(404, "No such container: x");
        CHECK(client.wait() == (force ? 0 : 1));
        CHECK(client.err() == "slipway: rm x: No such container: x\n");
    }
}

TEST_CASE("inspect looks for a container and then for an image", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"inspect", "host"})};
    ActedConnection connection = daemon.expect("GET /containers/host/json");
    connection.refuse(404, "No such container: host");
    CHECK(connection.request() == "GET /images/host/json");
    connection.answer(200, R"({"Id":"x"})");
    CHECK(client.wait() == 0);
    CHECK(client.out() == "[\n    {\n        \"Id\": \"x\"\n    }\n]\n");
}

TEST_CASE("wait prints exit codes", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"wait", "web"})};
    ActedConnection connection = daemon.expect("POST /containers/web/wait");
    connection.begin_chunked();
    connection.send_chunk("{\"StatusCode\":137}\n");
    connection.end_chunks();
    CHECK(client.wait() == 0);
    CHECK(client.out() == "137\n");
}

static ActedConnection expect_logs(ActedDaemon& daemon, const std::string& query) {
    daemon.expect("GET /containers/web/json")
        .answer(200, R"({"Id":")" + kId + R"(","Config":{"Tty":false}})");
    return daemon.expect(kLogs + query);
}

TEST_CASE("logs shows both streams as they were printed", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"logs", "web", "--tail", "2", "-t", "--since", "17.5"})};
    ActedConnection stream = expect_logs(daemon, "&timestamps=1&tail=2&since=17.5");
    stream.begin_chunked();
    const std::string frames = frame(StreamType::standard_output, std::string_view{"a\0b", 3}) +
                               frame(StreamType::standard_error, "c\n");
    for (const char byte : frames) stream.send_chunk(std::string_view{&byte, 1});
    stream.end_chunks();
    CHECK(client.wait() == 0);
    CHECK(client.out() == std::string_view{"a\0b", 3});
    CHECK(client.err() == "c\n");
}

TEST_CASE("logs -f goes on where it was when the daemon comes back, any number of times",
          "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.orchestrate({"logs", "-f", "web"})};
    {
        ActedConnection stream = expect_logs(daemon, "&follow=1&offsets=1&tail=all");
        stream.begin_chunked();
        stream.send_chunk(frame_at("0000000000000111", StreamType::standard_output, "1\n"));
        stream.send_chunk(
            frame_at("0000000000000222", StreamType::standard_output, "2\n").substr(0, 26));
        client.wait_for_output("1\n");
        daemon.go_away();
    }
    daemon.listen();
    daemon.expect(kLogs + "&follow=1&offsets=1&offset=0000000000000111").begin_chunked();
    daemon.accept();  // gone before it has answered
    ActedConnection stream = daemon.expect(kLogs + "&follow=1&offsets=1&offset=0000000000000111");
    stream.begin_chunked();
    stream.send_chunk(frame_at("0000000000000222", StreamType::standard_output, "2\n"));
    stream.end_chunks();
    CHECK(client.wait() == 0);
    CHECK(client.out() == "1\n2\n");
    CHECK(client.err().empty());
}

TEST_CASE("logs whose stream is cut off is no success", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"logs", "web"})};
    expect_logs(daemon, "&tail=all").begin_chunked();
    CHECK(client.wait() == 1);
    CHECK(client.err() == "slipway: logs: the daemon closed the connection\n");
}

TEST_CASE("an answer that is none is refused with one line", "[stage6][client]") {
    for (const std::string answer :
         {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{]}",
          "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"}) {
        ActedDaemon daemon;
        Process client{daemon.slipway({"ps"})};
        daemon.expect("GET /containers/json").send(answer);
        CHECK(client.wait() == 1);
        INFO(client);
        CHECK(client.err().starts_with("slipway: ps: "));
        CHECK(client.err().find('\n') == client.err().size() - 1);
        CHECK(client.out().empty());
    }
}

TEST_CASE("output that can't be written is an error", "[stage6][client]") {
    ActedDaemon daemon;
    std::vector<std::string> command = {"sh", "-c", "exec \"$@\" >/dev/full", "sh"};
    for (const auto& word : daemon.slipway({"logs", "web"})) command.push_back(word);
    Process client{command};
    ActedConnection stream = expect_logs(daemon, "&tail=all");
    stream.begin_chunked();
    stream.send_chunk(frame(StreamType::standard_output, "x\n"));
    CHECK(client.wait() == 1);
    CHECK(client.err() == "slipway: logs: write standard output: No space left on device\n");
}
