// --wire of the client and of the daemon.
#include <sys/stat.h>

#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

static std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

static bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("slipway --wire shows the calls of a run and changes none of its output",
          "[stage6][show]") {
    EngineScene scene;
    const std::vector<std::string> command = {"run", "--rm", "host",
                                              "sh",  "-c",   "echo hello; exit 3"};
    std::vector<std::string> with_wire = command;
    with_wire.insert(with_wire.begin(), "--wire");
    const Result silent = scene.run_client(command);
    CHECK(silent.err.empty());
    const Result result = scene.run_client(with_wire);
    INFO(result);
    CHECK(result.exit_code == 3);
    CHECK(result.out == "hello\n");
    CHECK(holds(result.err, "1 -> POST /v1.44/containers/create HTTP/1.1\n       Host: "));
    CHECK(holds(result.err, "\n         \"Image\": \"host\",\n"));
    CHECK(holds(result.err, "1 <- HTTP/1.1 201 Created\n"));
    CHECK(holds(result.err, "2 <- HTTP/1.1 101 UPGRADED\n"));
    CHECK(holds(result.err, "2 <- stdout "));
    CHECK(holds(result.err, "hello\\n\"\n"));
    CHECK(holds(result.err, "\"StatusCode\": 3\n"));
}

TEST_CASE("slipwayd --wire writes down what any client says, for its owner alone",
          "[stage6][show]") {
    const std::string file = temporary_directory() + "/wire.txt";
    EngineScene scene{"slipway", {"--wire", file}};
    CHECK(scene.run_client({"run", "--rm", "host", "echo", "hello"}).out == "hello\n");
    CHECK(scene.request("GET", "/containers/nosuch/json").status == 404);
    const std::string text = read_file(file);
    INFO(text);
    CHECK(holds(text, " -> POST /v1.44/containers/create HTTP/1.1\n"));
    CHECK(holds(text, " <- stdout "));
    CHECK(holds(text, " <- HTTP/1.1 404 Not Found\n"));
    CHECK(holds(text, "\"message\": \"No such container: nosuch\"\n"));
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("slipwayd --wire shows what the docker command says", "[stage6][show]") {
    need_docker();
    const std::string file = temporary_directory() + "/wire.txt";
    EngineScene scene{"slipway", {"--wire", file}};
    const Result result = scene.run_docker({"run", "--rm", "-i", "host", "cat"}, {.input = "abc"});
    INFO(result);
    CHECK(result.out == "abc");
    const std::string text = read_file(file);
    INFO(text);
    CHECK(holds(text, "User-Agent: Docker-Client/"));
    CHECK(holds(text, " -> stdin 3 bytes \"abc\"\n"));
    CHECK(holds(text, " <- stdout 3 bytes \"abc\"\n"));
    CHECK(count_of(text, "not understood") == 0);
}

TEST_CASE("the daemon goes on when its wire file cannot be written", "[stage6][show][root]") {
    EngineScene scene{"slipway", {"--wire", "/dev/full"}};
    CHECK(scene.run_client({"run", "--rm", "host", "echo", "hello"}).out == "hello\n");
}

TEST_CASE("a wire file that cannot be opened keeps the daemon from beginning", "[stage6][show]") {
    EngineScene scene;
    auto command = scene.daemon();
    command.insert(command.end(), {"--wire", "/nosuch/wire"});
    for (std::string& word : command) {
        if (word == scene.socket() || word == scene.root()) word += ".second";
    }
    const Result result = run(command);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(holds(result.err, "/nosuch/wire: No such file or directory"));
}
