#include "tests/faults/script.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/error.hpp"
#include "tests/faults/image_acts.hpp"
#include "tests/faults/pause.hpp"
#include "tests/faults/watchdog.hpp"

static constexpr int kCodeOfOne = 7;
static constexpr int kCodeOfExec = 5;
static constexpr int kShimDied = 255;
static constexpr int kLooks = 1500;
static constexpr std::chrono::microseconds kBetweenLooks{20'000};
static constexpr std::int64_t kMemory = 64 << 20;

enum class Act {
    create_one,
    wait_one,
    create_two,
    exec_two,
    limit_two,
    import_image,
    restart_daemon,
    post,
    remove
};

// In which states the two containers and the image may be after it; "-": not there.
struct Step {
    const char* name;
    Act act;
    const char* path;
    const char* one;
    const char* two;
    const char* image = "-";
    const char* between = "";  // a container, as well, while it has not been acknowledged
};

static constexpr Step kSteps[] = {
    {"create one", Act::create_one, "", "created", "-"},
    {"start one", Act::post, "/containers/one/start", "running exited", "-"},
    {"wait for one", Act::wait_one, "", "exited", "-"},
    {"create two", Act::create_two, "", "exited", "created"},
    {"start two", Act::post, "/containers/two/start", "exited", "running"},
    {"exec in two", Act::exec_two, "", "exited", "running"},
    {"pause two", Act::post, "/containers/two/pause", "exited", "paused"},
    {"import an image", Act::import_image, "", "exited", "paused", "made"},
    {"tag it", Act::post, "/images/made/tag?repo=tagged", "exited", "paused", "made+tagged"},
    {"restart the daemon", Act::restart_daemon, "", "exited", "paused", "made+tagged"},
    {"unpause two", Act::post, "/containers/two/unpause", "exited", "running", "made+tagged"},
    {"limit two", Act::limit_two, "", "exited", "running", "made+tagged"},
    {"untag the image", Act::remove, "/images/made", "exited", "running", "tagged"},
    {"rename two", Act::post, "/containers/two/rename?name=three", "exited", "running", "tagged"},
    {"remove the image", Act::remove, "/images/tagged", "exited", "running"},
    {"restart three", Act::post, "/containers/three/restart?t=0", "exited", "running", "-",
     "exited"},
    {"stop three", Act::post, "/containers/three/stop?t=0", "exited", "exited"},
    {"remove one", Act::remove, "/containers/one", "-", "exited", "-", "dead"},
};
static constexpr std::size_t kCount = std::size(kSteps);

// The number of the step of this name, counted from 1: done_ is at least this once it is over.
static constexpr std::size_t number_of(std::string_view name) {
    std::size_t number = 0;
    while (kSteps[number].name != name) ++number;
    return number + 1;
}

static std::string text_of(const Step& step) {
    return std::string{step.one} + " " + step.two + " " + step.image;
}

static bool is_among(const std::string& state, const std::string& states) {
    return (" " + states + " ").find(" " + state + " ") != std::string::npos;
}

void Script::expect(bool right, const std::string& what) const {
    if (!right) report_(what);
}

void Script::wait_for_one() {
    const auto answer = engine_.api().request("POST", ApiTarget{"/containers/one/wait"});
    code_of_one_ = parse_json(answer.body).find("StatusCode")->as_integer();
}

void Script::exec_in_two() {
    ApiClient api = engine_.api();
    const Words command{"sh", "-c", "exit " + std::to_string(kCodeOfExec)};
    const Json body = Json::object({{"Cmd", Json::array(command)}});
    const Json made = api.post(ApiTarget{"/containers/two/exec"}, body);
    const std::string id = made.find("Id")->as_string();
    api.request("POST", ApiTarget{"/exec/", id, "/start"}, Json::object({{"Detach", true}}));
    while (true) {
        const Json now = api.get(ApiTarget{"/exec/", id, "/json"});
        if (!now.find("Running")->as_bool()) {
            const auto code = now.find("ExitCode")->as_integer();
            if (code != kCodeOfExec) throw Failure{"exec gave " + std::to_string(code)};
            return;
        }
        pause_for(std::chrono::microseconds{500});
    }
}

void Script::act(std::size_t step) {
    const auto post = [&](const std::string& path, const std::optional<Json>& body = {}) {
        engine_.api().request("POST", ApiTarget{path}, body);
    };
    switch (kSteps[step].act) {
        case Act::post: return post(kSteps[step].path);
        case Act::create_one: {
            const std::string text = "echo line; exit " + std::to_string(kCodeOfOne);
            return post("/containers/create?name=one", container_body({"sh", "-c", text}));
        }
        case Act::create_two:
            return post("/containers/create?name=two", container_body({"sleep", "1000"}));
        case Act::wait_one: return wait_for_one();
        case Act::exec_two: return exec_in_two();
        case Act::limit_two:
            // Limits take control groups, which an ordinary user may not have.
            if (::geteuid() != 0) return;
            return post("/containers/two/update", Json::object({{"Memory", kMemory}}));
        case Act::restart_daemon: return restart_();
        case Act::import_image: return import_image(engine_);
        case Act::remove: engine_.api().request("DELETE", ApiTarget{kSteps[step].path}); return;
    }
}

bool Script::go_on() {
    while (done_ < kCount) {
        const bool is_again = std::exchange(is_waiting_, true);
        try {
            // Nobody refuses a second import, as the second of everything else: it is another
            // image.
            const bool is_import = kSteps[done_].act == Act::import_image;
            if (!is_again || !is_import || !is_done_nevertheless(done_)) act(done_);
        } catch (const Failure&) {
            return false;  // killed here, or refused because of the fault
        }
        is_waiting_ = false;
        ++done_;
    }
    return true;
}

// Of a step that was not acknowledged: the states are those behind it, and not those before it.
bool Script::is_done_nevertheless(std::size_t number) const {
    const Step& step = kSteps[number];
    const std::string before = number == 0 ? "- - -" : text_of(kSteps[number - 1]);
    const bool renames = number + 1 == number_of("rename two");
    if (text_of(step) == before && !renames) return false;
    const auto is_now = [&](const char* name, const char* states) {
        const std::string status = api_.status(name);
        return is_among(status.empty() ? "-" : status, states);
    };
    return is_now("one", step.one) && image_now(api_) == step.image &&
           is_now(number + 1 >= number_of("rename two") ? "three" : "two", step.two);
}

void Script::go_on_in_spite_of(Fault fault) {
    while (!go_on()) {
        if (engine_.has_ended()) {
            expect(kSteps[done_].act == Act::restart_daemon,
                   std::string{"the daemon ended by itself at "} + kSteps[done_].name + ": " +
                       engine_.messages());
            engine_.start();
        }
        check(fault);
        try {
            if (!is_done_nevertheless(done_)) act(done_);
        } catch (const Failure& error) {
            return expect(false, std::string{kSteps[done_].name} + " fails again: " + error.what());
        }
        is_waiting_ = false;
        ++done_;
    }
}

// The states that agree with what was acknowledged, and with what may have been done besides.
std::string Script::allowed(bool of_one, Fault fault) const {
    const auto after = [&](std::size_t count) -> std::string {
        if (count == 0) return "-";
        return of_one ? kSteps[count - 1].one : kSteps[count - 1].two;
    };
    std::string states = after(done_);
    if (is_waiting_) states += " " + after(done_ + 1) + " " + kSteps[done_].between;
    const bool may_have_ended =
        fault.victim == Victim::shim && fault.harm == Harm::kill &&
        (states.find("running") != std::string::npos || states.find("paused") != std::string::npos);
    return may_have_ended ? states + " exited" : states;
}

void Script::check_one(const std::optional<Json>& one, Fault fault) {
    const std::string now = one ? state_of(*one, "Status").as_string() : "-";
    const std::string states = allowed(true, fault);
    expect(is_among(now, states), "one is '" + now + "' and not '" + states + "'");
    if (now == "running" && is_among("exited", states)) api_.wait("one");
    const auto inspected = api_.inspect("one");
    if (!inspected || !is_among(state_of(*inspected, "Status").as_string(), "exited dead")) return;
    const auto code = state_of(*inspected, "ExitCode").as_integer();
    // Once it has been told it stays.
    if (code_of_one_) expect(code == *code_of_one_, "its code changed to " + std::to_string(code));
    const bool may_be_lost = fault.victim == Victim::shim && fault.harm == Harm::kill;
    const bool right = code == kCodeOfOne || (may_be_lost && code == kShimDied);
    expect(right, "the exit code of one is " + std::to_string(code));
    if (code != kCodeOfOne || state_of(*inspected, "Status").as_string() == "dead") return;
    const auto log = api_.ask("GET", ApiTarget{"/containers/one/logs?stdout=1&stderr=1"}).body;
    // What could not be written is said there.
    const bool may_lack = fault.victim == Victim::shim && fault.harm == Harm::error;
    const bool is_noted = may_lack && log.find("[5 bytes of output lost: ") != std::string::npos;
    expect(is_noted || log == std::string("\1\0\0\0\0\0\0\5line\n", 13), "its log is " + log);
}

void Script::check_two(Fault fault) {
    const auto old_name = api_.inspect("two"), new_name = api_.inspect("three");
    expect(!old_name || !new_name, "two is there twice");
    const std::size_t renamed = number_of("rename two"), limited = number_of("limit two");
    expect(!old_name || done_ < renamed, "two has its old name again");
    expect(!new_name || done_ + (is_waiting_ ? 1u : 0u) >= renamed, "two was not renamed yet");
    const auto& two = new_name ? new_name : old_name;
    const std::string now = two ? state_of(*two, "Status").as_string() : "-";
    const std::string states = allowed(false, fault);
    expect(is_among(now, states), "two is '" + now + "' and not '" + states + "'");
    if (!two || ::geteuid() != 0) return;
    const Json* const memory = two->find("HostConfig")->find("Memory");
    const std::int64_t limit = memory == nullptr ? 0 : memory->as_integer();
    const bool may_be_old = done_ < limited,
               may_be_new = done_ + (is_waiting_ ? 1u : 0u) >= limited;
    expect((may_be_old && limit == 0) || (may_be_new && limit == kMemory),
           "the limit of two is " + std::to_string(limit));
}

void Script::check_image() const {
    const auto after = [&](std::size_t count) {
        return std::string{count == 0 ? "-" : kSteps[count - 1].image};
    };
    const std::string now = image_now(api_);
    const bool right = now == after(done_) || (is_waiting_ && now == after(done_ + 1));
    expect(right, "the image is '" + now + "' after '" + after(done_) + "'");
}

void Script::check_names() const {
    const auto list = api_.ask("GET", ApiTarget{"/containers/json"}.with("all", "1"));
    const Json all = parse_json(list.body);
    for (const Json& container : all.as_array()) {
        const std::string name = container.find("Names")->as_array().at(0).as_string();
        expect(is_among(name, "/one /two /three"), "nobody has made " + name);
    }
}

// Of one that runs they are written over, or removed after its end. A start that its daemon has not
// lived to see goes on by itself: then they are there for a moment.
void Script::check_files(const std::string& name) const {
    std::string left;
    for (int attempt = 0; attempt < kLooks; ++attempt, pause_for(kBetweenLooks)) {
        const auto container = api_.inspect(name);
        if (!container || state_of(*container, "Running").as_bool()) return;
        const std::string id = container->find("Id")->as_string();
        left.clear();
        for (const auto& file :
             std::filesystem::directory_iterator{engine_.root() + "/containers/" + id}) {
            if (file.path().extension() == ".tmp") left = file.path();
        }
        if (left.empty()) return;
    }
    expect(false, "left: " + left);
}

void Script::check(Fault fault) {
    check_names();
    check_one(api_.inspect("one"), fault);
    check_two(fault);
    check_image();
}

void Script::clear_up(const Leftovers& before, bool images_stay) {
    for (const char* name : {"one", "two", "three"}) {
        check_files(name);
        const std::string problem = api_.remove(name);
        expect(problem.empty(), std::string{"remove "} + name + ": " + problem);
    }
    const std::string left = clear_images(engine_, api_);
    expect(left.empty(), "the image: " + left);
    expect(engine_.terminate() == 0, "the daemon's exit code is not 0: " + engine_.messages());
    for (const auto& sentence : before.found(engine_, images_stay)) report_(sentence);
}

void run_trial(const Trial& trial, Fault fault) {
    Engine& engine = trial.engine;
    Watchdog watchdog{engine};
    trial.start();
    // Nothing was asked of it yet: it may have said why, and ended.
    if (engine.has_ended() && !engine.start()) throw Failure{"no start: " + engine.messages()};
    Script script{engine, trial.report, trial.restart};
    if (fault.harm == Harm::kill) {
        script.go_on();
    } else {
        script.go_on_in_spite_of(fault);
    }
    trial.disarm();
    if (fault.victim == Victim::shim && !engine.has_ended()) script.check(fault);
    engine.kill();
    if (watchdog.has_bitten()) trial.report("the engine does not answer any more");
    reap_orphans({});
    if (!engine.start()) throw Failure{"no new start: " + engine.messages()};
    script.check(fault);
    if (fault.victim == Victim::daemon) script.go_on_in_spite_of(fault);
    script.clear_up(trial.before, trial.images_stay);
}
