// What commands send, and what they make of the answer, with a daemon that the test plays.
#include "common/file.hpp"
#include "tests/stage6/client_scene.hpp"

static const std::string kId(64, 'c');

// One request, one answer: what the command printed.
static Result answered(const std::vector<std::string>& words, const std::string& request,
                       const std::string& answer) {
    ActedDaemon daemon;
    Process client{daemon.slipway(words)};
    daemon.expect(request).answer(200, answer);
    const int exit_code = client.wait();
    return {exit_code, client.out(), client.err(), false};
}

// What `create` with these options sends.
static Json created_body(const std::vector<std::string>& options, const std::string& place) {
    ActedDaemon daemon;
    std::vector<std::string> words = {"create"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"host", "x"});
    Process client{daemon.slipway(words), {.directory = place}};
    ActedConnection connection = daemon.expect("POST /containers/create");
    Json body = connection.json();
    connection.answer(201, "{\"Id\":\"" + kId + "\",\"Warnings\":[\"careful\"]}");
    CHECK(client.wait() == 0);
    CHECK(client.out() == kId + "\n");
    CHECK(client.err() == "WARNING: careful\n");
    return body;
}

static std::string text_of(const Json& json, const char* name) {
    const Json* member = json.find(name);
    return member == nullptr ? "missing" : member->text();
}

TEST_CASE("options about a container's process become Docker's fields", "[stage6][client]") {
    const std::string place = temporary_directory();
    write_file(place + "/env", "# a comment\nA=file\n\nC=3\r\n");
    write_file(place + "/labels", "x=1\ny\n");
    const Json body = created_body({"--entrypoint",
                                    "/bin/sh",
                                    "-l",
                                    "a=b",
                                    "--label-file",
                                    "labels",
                                    "--env-file",
                                    "env",
                                    "-e",
                                    "A=typed",
                                    "--stop-signal",
                                    "INT",
                                    "--stop-timeout",
                                    "3",
                                    "--health-cmd",
                                    "true",
                                    "--health-interval",
                                    "5s",
                                    "--health-retries",
                                    "4",
                                    "-t",
                                    "--cidfile",
                                    "id"},
                                   place);
    INFO(body.text());
    CHECK(text_of(body, "Entrypoint") == R"(["/bin/sh"])");
    CHECK(text_of(body, "Labels") == R"({"a":"b","x":"1","y":""})");
    CHECK(text_of(body, "Env") == R"(["A=typed","C=3"])");
    CHECK(text_of(body, "StopSignal") == R"("INT")");
    CHECK(text_of(body, "StopTimeout") == "3");
    CHECK(text_of(body, "Tty") == "true");
    CHECK(text_of(body, "Healthcheck") ==
          R"({"Test":["CMD-SHELL","true"],"Interval":5000000000,"Retries":4})");
    CHECK(read_file(place + "/id") == kId);
}

TEST_CASE("options about what surrounds a container become Docker's fields", "[stage6][client]") {
    const std::string place = temporary_directory();
    const Json body = created_body(
        {"-v", "/h:/c:ro", "-v", "./here:/d", "--mount", "type=bind,source=/a,target=/b",
         "--log-driver", "json-file", "--log-opt", "max-size=1m", "--init", "--cpu-shares", "512",
         "--cpuset-cpus", "0", "--memory-swap", "-1", "--restart", "on-failure:2"},
        place);
    INFO(body.text());
    const Json& host = *body.find("HostConfig");
    CHECK(text_of(host, "Binds") == R"(["/h:/c:ro",")" + place + R"(/./here:/d"])");
    CHECK(text_of(host, "Mounts") == R"([{"Type":"bind","Source":"/a","Target":"/b"}])");
    CHECK(text_of(host, "LogConfig") == R"({"Type":"json-file","Config":{"max-size":"1m"}})");
    CHECK(text_of(host, "Init") == "true");
    CHECK(text_of(host, "CpuShares") == "512");
    CHECK(text_of(host, "CpusetCpus") == R"("0")");
    CHECK(text_of(host, "MemorySwap") == "-1");
    CHECK(text_of(host, "RestartPolicy") == R"({"Name":"on-failure","MaximumRetryCount":2})");
}

TEST_CASE("what is not built in is refused before anybody is asked", "[stage6][client]") {
    struct {
        std::vector<std::string> words;
        int exit_code;
        std::string error;
    } const rows[] = {
        {{"cp", "a:/b", "c"}, 125, "cp: not built in: files do not go in or out"},
        {{"image", "save", "x"}, 125, "image save: not built in: an image has one layer"},
        {{"network", "create", "x"}, 125, "network: not built in: there are the networks none"},
        {{"run", "-p", "80:80", "host", "x"}, 125, "run: --publish 80:80: not built in"},
        {{"run", "--rm", "--restart", "always", "host", "x"}, 125, "run: conflicting options"},
        {{"run", "-it", "host", "sh"}, 1, "run: the input device is not a TTY"},
        {{"exec", "-it", "web", "sh"}, 1, "exec: the input device is not a TTY"},
        {{"run", "--detach-keys", "bogus-x", "host", "x"}, 125, "--detach-keys bogus-x"},
        {{"ps", "--format", "{{range .}}"}, 125, "ps: --format: range is not understood here"},
        {{"container", "nope"}, 125, "unknown command container nope: there are "},
        {{"update", "web"}, 125, "update: nothing to change"},
        {{"import", "http://x/y.tar"}, 1, "import: import http://x/y.tar: not built in"},
        {{"completion", "tcsh"}, 125, "completion tcsh: there are bash, zsh and fish"},
    };
    for (const auto& row : rows) {
        ActedDaemon daemon;
        const Result result = run(daemon.slipway(row.words), {.inherit_stdin_closed = false});
        INFO(result);
        CHECK(result.exit_code == row.exit_code);
        CHECK(result.err.starts_with("slipway: "));
        CHECK(result.err.find(row.error) != std::string::npos);
    }
}

TEST_CASE("rename and update say what is to change", "[stage6][client]") {
    ActedDaemon daemon;
    Process renaming{daemon.slipway({"rename", "web", "old web"})};
    daemon.expect("POST /containers/web/rename?name=old%20web").answer(204);
    CHECK(renaming.wait() == 0);
    Process updating{daemon.slipway({"update", "-m", "64m", "--restart", "always", "web"})};
    ActedConnection connection = daemon.expect("POST /containers/web/update");
    CHECK(connection.json().text() ==
          R"({"Memory":67108864,"RestartPolicy":{"Name":"always","MaximumRetryCount":0}})");
    connection.answer(200, R"({"Warnings":null})");
    CHECK(updating.wait() == 0);
    CHECK(updating.out() == "web\n");
}

TEST_CASE("commands of two words are those of one", "[stage6][client]") {
    CHECK(answered({"container", "ls", "-aq"}, "GET /containers/json?all=1",
                   "[{\"Id\":\"" + kId + "\"}]")
              .out == kId.substr(0, 12) + "\n");
    CHECK(
        answered({"image", "ls", "-q"}, "GET /images/json", R"([{"Id":"sha256:0123456789abcdef"}])")
            .out == "0123456789ab\n");
    CHECK(answered({"image", "inspect", "-f", "{{.Id}}", "host"}, "GET /images/host/json",
                   R"({"Id":"sha256:1"})")
              .out == "sha256:1\n");
}

TEST_CASE("ps shows what a template asks for, and asks for sizes only then", "[stage6][client]") {
    const std::string list =
        "[{\"Id\":\"" + kId +
        R"(","Names":["/web"],"Image":"host","Command":"sh","Created":1,"State":"running",)"
        R"("Status":"Up 1 second","SizeRw":1234,"SizeRootFs":1001234,"Labels":{"b":"2","a":"1"},)"
        R"("Ports":[],"HostConfig":{"NetworkMode":"none"},"Mounts":[{"Source":"/src"}]}])";
    CHECK(answered({"ps", "--format", "{{.Names}}|{{.State}}|{{.Labels}}|{{.Label \"b\"}}"},
                   "GET /containers/json", list)
              .out == "web|running|a=1,b=2|2\n");
    CHECK(answered({"ps", "--format", "{{.Size}} {{.Networks}} {{.Mounts}}"},
                   "GET /containers/json?size=1", list)
              .out == "1.23kB (virtual 1MB) none /src\n");
    const Result table = answered({"ps", "-s"}, "GET /containers/json?size=1", list);
    CHECK(table.out.find("SIZE") != std::string::npos);
    const Result json = answered({"ps", "--format", "json"}, "GET /containers/json?size=1", list);
    CHECK(parse_json(json.out).find("Names")->as_string() == "web");
    const Result wrong = answered({"ps", "--format", "{{.Nope}}"}, "GET /containers/json", list);
    CHECK(wrong.exit_code == 1);
    CHECK(wrong.err == "slipway: ps: --format: there is no .Nope\n");
}

TEST_CASE("an archive is imported whole, from a file and from standard input", "[stage6][client]") {
    const std::string place = temporary_directory();
    const std::string archive(300'000, 'a');
    write_file(place + "/root.tar", archive);
    const std::string target = "POST /images/create?fromSrc=-&repo=mine&tag=v1&changes=CMD%20sh";
    const auto import = [&](const std::vector<std::string>& command) {
        ActedDaemon daemon;
        std::vector<std::string> words = command;
        for (const auto& word :
             daemon.slipway({"import", "-c", "CMD sh", command.empty() ? place + "/root.tar" : "-",
                             "mine:v1"})) {
            words.push_back(word);
        }
        Process client{words};
        ActedConnection connection = daemon.expect(target);
        const std::string body = connection.read_chunks();
        connection.answer(200, "{\"status\":\"sha256:12\"}\n");
        INFO(client.err());
        CHECK(client.wait() == 0);
        CHECK(client.out() == "sha256:12\n");
        return body;
    };
    CHECK((import({}) == archive));
    CHECK((import({"sh", "-c", "exec \"$@\" < " + place + "/root.tar", "sh"}) == archive));
}

TEST_CASE("events are shown as they come, one a line", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"events", "--since", "5", "-f", "event=die"}),
                   {.environment = {"TZ=UTC"}}};
    ActedConnection stream =
        daemon.expect("GET /events?since=5&filters=%7B%22event%22%3A%7B%22die%22%3Atrue%7D%7D");
    stream.begin_chunked();
    const std::string event =
        R"({"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"name":"web",)"
        R"("exitCode":"3"}},"time":1700000000,"timeNano":1700000000000000007})";
    stream.send_chunk(event.substr(0, 20));
    stream.send_chunk(event.substr(20) + "\n" + event + "\n");
    CHECK(client.read_line() ==
          "2023-11-14T22:13:20.000000007Z container die abc (exitCode=3, name=web)");
    client.read_line();
    stream.end_chunks();
    CHECK(client.wait() == 0);
}

static std::string stats_json(int used, int machine) {
    return R"({"name":"/web","id":")" + kId + R"(","cpu_stats":{"cpu_usage":{"total_usage":)" +
           std::to_string(used) + R"(},"system_cpu_usage":)" + std::to_string(machine) +
           R"(,"online_cpus":2},"memory_stats":{"usage":3145728,"limit":8388608,)"
           R"("stats":{"inactive_file":1048576}},"pids_stats":{"current":4},)"
           R"("networks":{"eth0":{"rx_bytes":1000,"tx_bytes":2000}},"blkio_stats":)"
           R"({"io_service_bytes_recursive":[{"op":"read","value":5000},)"
           R"({"op":"Write","value":1}]}})";
}

TEST_CASE("stats shows the difference of two measurements", "[stage6][client]") {
    ActedDaemon daemon;
    Process client{daemon.slipway({"stats", "--no-stream", "web"})};
    ActedConnection connection = daemon.expect("GET /containers/web/stats?stream=0&one-shot=1");
    connection.answer(200, stats_json(1000, 100000));
    connection.request();
    connection.answer(200, stats_json(6000, 200000));
    CHECK(client.wait() == 0);
    CHECK(client.out() ==
          "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O     "
          "BLOCK I/O   PIDS\n"
          "cccccccccccc   web       10.00%    2MiB / 8MiB         25.00%    1kB / 2kB   "
          "5kB / 1B    4\n");
}

TEST_CASE("prunes ask first, unless they are told not to", "[stage6][client]") {
    ActedDaemon daemon;
    const Result no = run(daemon.slipway({"container", "prune"}), {.input = "n\n"});
    INFO(no);
    CHECK(no.exit_code == 0);
    CHECK(no.out ==
          "WARNING! This will remove all stopped containers.\n"
          "Are you sure you want to continue? [y/N] ");
    Process yes{daemon.slipway({"container", "prune", "-f", "--filter", "until=24h"})};
    daemon.expect("POST /containers/prune?filters=%7B%22until%22%3A%7B%2224h%22%3Atrue%7D%7D")
        .answer(200, R"({"ContainersDeleted":["a","b"],"SpaceReclaimed":1500})");
    CHECK(yes.wait() == 0);
    CHECK(yes.out() == "Deleted Containers:\na\nb\n\nTotal reclaimed space: 1.5kB\n");
    CHECK(answered({"system", "df"}, "GET /system/df",
                   R"({"Images":[{"Id":"i","Size":2000}],"Containers":[{"ImageID":"i",)"
                   R"("State":"exited","SizeRw":500}]})")
              .out ==
          "TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE\n"
          "Images          1         1         2kB       0B (0%)\n"
          "Containers      1         0         500B      500B (100%)\n"
          "Local Volumes   0         0         0B        0B\n"
          "Build Cache     0         0         0B        0B\n");
}

TEST_CASE("completions are good shell, and know every command and option", "[stage6][client]") {
    for (const char* name : {"slipway", "orchestrate"}) {
        const Result script = run({built(name), "completion", "bash"});
        REQUIRE(script.exit_code == 0);
        const auto complete = [&](const std::string& line) {
            const std::string words = script.out + "\nCOMP_WORDS=(" + line +
                                      ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_" + name +
                                      "\nprintf '%s ' \"${COMPREPLY[@]}\"\n";
            const Result result = run({"bash", "-c", words});
            INFO(result);
            CHECK(result.err.empty());
            return " " + result.out;
        };
        CHECK(complete(std::string{name} + " unp").find(" unpause ") != std::string::npos);
        CHECK(complete(std::string{name} + " logs --fo") == " --follow ");
        CHECK(complete(std::string{name} + " logs --follow --ti") == " --timestamps ");
    }
    const Result script = run({built("slipway"), "completion", "bash"});
    CHECK(script.out.find("container prune") != std::string::npos);
    const Result fish = run({built("slipway"), "completion", "fish"});
    CHECK(fish.out.find("-s f -l follow -d 'go on with") != std::string::npos);
    CHECK(run({built("slipway"), "completion", "zsh"}).out.starts_with("#compdef slipway\n"));
}
