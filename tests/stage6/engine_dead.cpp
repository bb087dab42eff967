// The edges of the state table: what is dead, what is being removed, and attach, which goes on.
#include "common/file.hpp"
#include "stage6-daemon-shim/core/daemon/state_machine.hpp"
#include "tests/stage6/kept_processes.hpp"

using enum State;

struct DeadRow {
    std::string_view method, path, body;
    int status;
    std::string_view text;
};

static constexpr DeadRow kDead[] = {
    {"POST", "/start", "", 409, "container is marked for removal and cannot be started"},
    {"POST", "/stop", "", 304, ""},
    {"POST", "/kill", "", 409, "cannot kill container: {X}: container {ID} is not running"},
    {"POST", "/restart", "", 500,
     "Cannot restart container {X}: container is marked for removal and cannot be started"},
    {"POST", "/pause", "", 409, "container {ID} is not running"},
    {"POST", "/unpause", "", 500, "Container {ID} is not paused"},
    {"POST", "/exec", R"({"Cmd":["true"]})", 409, "container {ID} is not running"},
    {"POST", "/update", R"({"PidsLimit":7})", 500,
     "Cannot update container {ID}: container is marked for removal and cannot be \"update\""},
    {"GET", "/top", "", 409, "container {ID} is not running"},
    {"GET", "/logs?stdout=1", "", 409,
     "can not get logs from container which is dead or marked for removal"},
    {"GET", "/json", "", 200, ""},
    {"DELETE", "", "", 204, ""},
};

static std::string fill_in(std::string_view text, const std::string& id, const std::string& name) {
    std::string filled{text};
    for (const auto& [word, value] : {std::pair<std::string, std::string>{"{ID}", id},
                                      std::pair<std::string, std::string>{"{X}", name}}) {
        if (const auto at = filled.find(word); at != std::string::npos) {
            filled.replace(at, word.size(), value);
        }
    }
    return filled;
}

TEST_CASE("every verb answers for a container that is dead as the table says", "[stage6][engine]") {
    EngineScene scene;
    const std::string id = scene.create("web", {"true"}, with_isolation("none"));
    scene.kill_daemon();
    write_file(scene.directory(id) + "/config.json", "{");
    scene.start_daemon();
    const std::string name = id.substr(0, 12);
    CHECK(scene.status(name) == "dead");
    for (const DeadRow& row : kDead) {
        INFO(row.method << " " << row.path);
        const Answer answer =
            scene.request(std::string{row.method}, "/containers/" + name + std::string{row.path},
                          std::string{row.body});
        INFO(answer);
        CHECK(answer.status == row.status);
        if (!row.text.empty()) CHECK(answer.message() == fill_in(row.text, id, name));
    }
}

// What happens between two system calls of a removal cannot be met through the API.
TEST_CASE("a container that is being removed answers as the table says", "[stage6][engine]") {
    const auto text = [](Verb verb) { return judge(removing, verb, "ID", "X").message; };
    const auto status = [](Verb verb) { return judge(removing, verb, "ID", "X").status; };
    CHECK(text(Verb::start) == "container is marked for removal and cannot be started");
    CHECK(status(Verb::stop) == 304);
    CHECK(text(Verb::remove) == "removal of container X is already in progress");
    CHECK(text(Verb::force_remove) == text(Verb::remove));
    CHECK(text(Verb::export_root) == "You cannot export container ID which is being removed");
    CHECK(text(Verb::pause) == "container ID is not running");
    CHECK(judge(running, Verb::remove, "ID", "{ID}").message.find("\"{ID}\"") != std::string::npos);
}

static void make_in_state(const EngineScene& scene, State state) {
    scene.create("web", {"sh", "-c", state == exited ? "exit 5" : "sleep 1000"},
                 with_isolation("none"));
    if (state != created) scene.start("web");
    if (state == exited) scene.wait("web");
}

TEST_CASE("attach is accepted in every state that allows it", "[stage6][engine]") {
    EngineScene scene;
    for (const State state : {created, running, exited}) {
        INFO(name_of(state));
        make_in_state(scene, state);
        Talk talk{scene.socket()};
        talk.request("POST", "/containers/web/attach?stream=1&stdout=1",
                     "Connection: Upgrade\r\nUpgrade: tcp\r\n");
        CHECK(talk.read_head().starts_with("HTTP/1.1 101 "));
        CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
        CHECK(talk.read_to_end().empty());
    }
}
