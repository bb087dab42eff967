// The state table through the API, cell by cell.
#include "stage6-daemon-shim/core/daemon/state_machine.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"
#include "tests/stage6/engine_scene.hpp"

using enum State;

static const std::string kQuick = "sleep 1000";

// A command for the state, and how to come to it. One that restarts waits longer each time: after
// some rounds for so long that it can be looked at.
static std::string make_in_state(const EngineScene& scene, const std::string& name, State state) {
    const auto change = [&](Json& body) {
        body["HostConfig"]["Isolation"] = "none";
        if (state != restarting) return;
        body["HostConfig"]["RestartPolicy"] = Json::object({{"Name", "always"}});
    };
    const std::string text = state == restarting ? "exit 5" : kQuick;
    const std::string id = scene.create(name, {"sh", "-c", text}, change);
    if (state != created) scene.start(id);
    if (state == exited) {  // and runs again when it is started
        CHECK(scene.request("POST", "/containers/" + id + "/kill").status == 204);
        scene.wait(id);
    }
    if (state == paused) CHECK(scene.request("POST", "/containers/" + id + "/pause").status == 204);
    return id;
}

// The first half of a wait of more than six seconds: there is time to ask before it is over, on a
// busy machine too. In the second half it may be a start that is under way, which is counted but
// has the age of the wait before it.
static bool waits_long(const Json& inspected) {
    const auto count = inspected.find("RestartCount")->as_integer();
    const Json& state = *inspected.find("State");
    const WallTime age = wall_time_now() - parse_time(state.find("FinishedAt")->as_string());
    return state.find("Status")->as_string() == "restarting" && count >= 6 && count < 20 &&
           age < (kWallSecond / 20 << count);
}

static void wait_until_it_waits_long(const EngineScene& scene, const std::string& id) {
    wait_until([&] { return waits_long(scene.inspect(id)); }, "the container waits");
}

struct Expected {
    int status;
    std::string_view text{};   // of an error; {ID} and {X} are put in
    std::string_view after{};  // the state; empty: it is gone
};

// A row of Docker's table: what a verb answers in each of the five states in which it is asked.
struct TableRow {
    std::string_view method, path, body;
    Expected created, running, paused, restarting, exited;
};

static constexpr std::string_view kNotRunning = "container {ID} is not running";
static constexpr std::string_view kNotPaused = "Container {ID} is not paused";
static constexpr std::string_view kRestarting =
    "Container {ID} is restarting, wait until the container is running";
static constexpr std::string_view kNoKill =
    "cannot kill container: {X}: container {ID} is not running";
static constexpr std::string_view kBadSignal = "cannot kill container: {X}: invalid signal: NOSUCH";
static constexpr std::string_view kRemoveRunning =
    "cannot remove container \"{X}\": container is running: stop the container before removing or "
    "force remove";
static constexpr std::string_view kRemovePaused =
    "cannot remove container \"{X}\": container is paused and must be unpaused first";
static constexpr std::string_view kRemoveRestarting =
    "cannot remove container \"{X}\": container is restarting: stop the container before removing "
    "or force remove";

static const TableRow kTable[] = {
    {"POST",
     "/start",
     "",
     {204, "", "running"},
     {304, "", "running"},
     {409, "cannot start a paused container, try unpause instead", "paused"},
     {304, "", "restarting"},
     {204, "", "running"}},
    {"POST",
     "/stop?t=5",
     "",
     {304, "", "created"},
     {204, "", "exited"},
     {204, "", "exited"},
     {204, "", "exited"},
     {304, "", "exited"}},
    {"POST",
     "/kill",
     "",
     {409, kNoKill, "created"},
     {204, "", "exited"},
     {204, "", "exited"},
     {204, "", "exited"},
     {409, kNoKill, "exited"}},
    {"POST",
     "/kill?signal=URG",
     "",
     {409, kNoKill, "created"},
     {204, "", "running"},
     {204, "", "running"},
     {204, "", "exited"},
     {409, kNoKill, "exited"}},
    {"POST",
     "/kill?signal=NOSUCH",
     "",
     {400, kBadSignal, "created"},
     {400, kBadSignal, "running"},
     {400, kBadSignal, "paused"},
     {400, kBadSignal, "restarting"},
     {400, kBadSignal, "exited"}},
    {"POST",
     "/restart?t=5",
     "",
     {204, "", "running"},
     {204, "", "running"},
     {204, "", "running"},
     {204, "", ""},
     {204, "", ""}},
    {"POST",
     "/pause",
     "",
     {409, kNotRunning, "created"},
     {204, "", "paused"},
     {409, "Container {ID} is already paused", "paused"},
     {409, kRestarting, "restarting"},
     {409, kNotRunning, "exited"}},
    {"POST",
     "/unpause",
     "",
     {500, kNotPaused, "created"},
     {500, kNotPaused, "running"},
     {204, "", "running"},
     {500, kNotPaused, "restarting"},
     {500, kNotPaused, "exited"}},
    {"POST",
     "/exec",
     R"({"Cmd":["true"],"AttachStdout":true})",
     {409, kNotRunning, "created"},
     {201, "", "running"},
     {409, "Container {X} is paused, unpause the container before exec", "paused"},
     {409, kRestarting, "restarting"},
     {409, kNotRunning, "exited"}},
    {"POST",
     "/attach?stream=1",
     "",
     {200, "", "created"},
     {200, "", "running"},
     {409, "container {X} is paused, unpause the container before attach", "paused"},
     {409, "container {X} is restarting, wait until the container is running", "restarting"},
     {200, "", "exited"}},
    {"DELETE",
     "",
     "",
     {204, "", "gone"},
     {409, kRemoveRunning, "running"},
     {409, kRemovePaused, "paused"},
     {409, kRemoveRestarting, "restarting"},
     {204, "", "gone"}},
    {"DELETE",
     "?force=1",
     "",
     {204, "", "gone"},
     {204, "", "gone"},
     {204, "", "gone"},
     {204, "", "gone"},
     {204, "", "gone"}},
    {"POST",
     "/rename?name={X}2",
     "",
     {204, "", "created"},
     {204, "", "running"},
     {204, "", "paused"},
     {204, "", "restarting"},
     {204, "", "exited"}},
    {"POST",
     "/update",
     R"({"RestartPolicy":{"Name":"always"}})",
     {200, "", "created"},
     {200, "", "running"},
     {200, "", "paused"},
     {200, "", "restarting"},
     {200, "", "exited"}},
    {"GET",
     "/top",
     "",
     {409, kNotRunning, "created"},
     {200, "", "running"},
     {200, "", "paused"},
     {409, kRestarting, "restarting"},
     {409, kNotRunning, "exited"}},
    {"GET",
     "/stats?stream=0&one-shot=1",
     "",
     {200, "", "created"},
     {200, "", "running"},
     {200, "", "paused"},
     {200, "", "restarting"},
     {200, "", "exited"}},
    {"GET",
     "/logs?stdout=1",
     "",
     {200, "", "created"},
     {200, "", "running"},
     {200, "", "paused"},
     {200, "", "restarting"},
     {200, "", "exited"}},
    {"GET",
     "/json",
     "",
     {200, "", "created"},
     {200, "", "running"},
     {200, "", "paused"},
     {200, "", "restarting"},
     {200, "", "exited"}},
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

static const Expected& cell_of(const TableRow& row, State state) {
    switch (state) {
        case created: return row.created;
        case running: return row.running;
        case paused: return row.paused;
        case restarting: return row.restarting;
        default: return row.exited;
    }
}

static void check_cell(const EngineScene& scene, const TableRow& row, State state,
                       const std::string& id, const std::string& name) {
    const Expected& expected = cell_of(row, state);
    const std::string path = fill_in(row.path, id, name);
    INFO(row.method << " " << path << " of a container that is " << name_of(state));
    if (state == restarting) wait_until_it_waits_long(scene, id);
    const Answer answer =
        scene.request(std::string{row.method}, "/containers/" + name + path, std::string{row.body});
    INFO(answer);
    CHECK(answer.status == expected.status);
    if (!expected.text.empty()) CHECK(answer.message() == fill_in(expected.text, id, name));
    if (expected.after == "gone") {
        CHECK(scene.request("GET", "/containers/" + id + "/json").status == 404);
    } else if (expected.after == "restarting") {
        // Its time may just have come: then it ends and waits once more.
        wait_until([&] { return scene.status(id) == "restarting"; }, "it waits again");
    } else if (!expected.after.empty()) {
        CHECK(scene.status(id) == expected.after);
    }
}

// An attach to a container in the state goes on for as long as that does: it is left out here.
static bool comes_to_an_end(const TableRow& row, State state) {
    return !row.path.starts_with("/attach") || cell_of(row, state).status != 200;
}

// Each row to a container of its own. They are made first: those that are to wait do so together.
static void check_column(State state) {
    EngineScene scene;
    std::vector<std::pair<std::string, std::string>> made;
    for (std::size_t i = 0; i < std::size(kTable); ++i) {
        const std::string name = "web" + std::to_string(i);
        made.emplace_back(make_in_state(scene, name, state), name);
    }
    for (std::size_t i = 0; i < std::size(kTable); ++i) {
        if (!comes_to_an_end(kTable[i], state)) continue;
        check_cell(scene, kTable[i], state, made[i].first, made[i].second);
    }
}

TEST_CASE("every verb answers for a container that was created as the table says",
          "[stage6][engine]") {
    check_column(created);
}

TEST_CASE("every verb answers for a container that runs as the table says", "[stage6][engine]") {
    check_column(running);
}

TEST_CASE("every verb answers for a container that is paused as the table says",
          "[stage6][engine]") {
    check_column(paused);
}

TEST_CASE("every verb answers for a container that waits for its restart as the table says",
          "[stage6][engine]") {
    check_column(restarting);
}

TEST_CASE("every verb answers for a container that has exited as the table says",
          "[stage6][engine]") {
    check_column(exited);
}

TEST_CASE("every verb answers for a container that is not there as the table says",
          "[stage6][engine]") {
    EngineScene scene;
    for (const TableRow& row : kTable) {
        const std::string path = fill_in(row.path, "", "nosuch");
        INFO(row.method << " " << path);
        const Answer answer = scene.request(std::string{row.method}, "/containers/nosuch" + path,
                                            std::string{row.body});
        INFO(answer);
        const bool bad_signal = path.find("NOSUCH") != std::string::npos;
        CHECK(answer.status == (bad_signal ? 400 : 404));
        const std::string about =
            row.path.starts_with("/kill") ? "cannot kill container: nosuch: " : "";
        if (!bad_signal) CHECK(answer.message() == about + "No such container: nosuch");
    }
}
