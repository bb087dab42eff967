#include "tests/faults/worker.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/noise.hpp"
#include "tests/faults/pause.hpp"
#include "tests/faults/requests.hpp"
#include "tests/faults/worker_files.hpp"

static constexpr unsigned kStuckSeconds = 180;

void report_violation(Shared& shared, const std::string& text) {
    ++shared.violations;
    write_all(STDERR_FILENO, "VIOLATION: " + text + "\n", "stderr");
}

class Worker {
public:
    Worker(const Engine& engine, Shared& shared, const WorkerOrder& order)
        : engine_{engine}, shared_{shared}, order_{order}, random_{order.seed}, api_{engine} {}

    void run();

private:
    void begin(const std::string& action);
    void expect(bool right, const std::string& what);
    void expect_none(const std::string& problem, const std::string& what);
    unsigned pick(unsigned count) { return static_cast<unsigned>(random_() % count); }
    unsigned when_up() const;
    std::string new_name();
    std::string noise_seed() { return std::to_string(1 + pick(1'000'000)); }

    void run_to_the_end();
    void stop_restart_pause();
    void exec_in(const std::string& name);
    void attach();
    void kill_shim();
    void kill_clients();
    void write_and_compare();
    void compare_log(const std::string& name, const Noise& noise, unsigned runs);
    int follow(const std::string& name, std::string& text);
    void look_around(const std::string& name);
    void remove(const std::string& name);
    unsigned runs_of(const std::string& id) const;
    int client_to_end(const Words& words, std::string* output = nullptr, int input = -1);

    const Engine& engine_;
    Shared& shared_;
    const WorkerOrder& order_;
    std::mt19937_64 random_;
    Requests api_;
    std::string action_;
    unsigned count_ = 0;
};

// For the case that it comes to no end: who asks too long is ended by SIGALRM.
void Worker::begin(const std::string& action) {
    action_ = action;
    char* const place = shared_.actions[order_.number];
    std::strncpy(place, action.c_str(), kActionBytes - 1);
    ::alarm(kStuckSeconds);
}

void Worker::expect(bool right, const std::string& what) {
    if (!right) report_violation(shared_, action_ + ": " + what);
}

void Worker::expect_none(const std::string& problem, const std::string& what) {
    expect(problem.empty(), what + ": " + problem);
}

// Which daemon it is; it is another one later if it was killed meanwhile.
unsigned Worker::when_up() const {
    while (true) {
        const unsigned generation = shared_.generation;
        if (generation % 2 == 0) return generation;
        pause_for(std::chrono::microseconds{1000});
    }
}

std::string Worker::new_name() {
    return "w" + std::to_string(order_.number) + "-" + std::to_string(++count_);
}

void Worker::remove(const std::string& name) {
    expect_none(api_.remove(name), "remove");
    ++shared_.lifecycles;
}

// Runs one of our clients; what it prints, if wanted, by way of a file.
int Worker::client_to_end(const Words& words, std::string* output, int input) {
    const ScratchFile file{engine_.place(), order_.number};
    Child client = start_program(engine_.client(words), input, file.fd(), -1);
    const int code = client.wait();
    if (output != nullptr) *output = file.text();
    return code;
}

void Worker::run_to_the_end() {
    const std::string name = new_name();
    const int code = static_cast<int>(pick(256));
    begin("run " + name + " to exit code " + std::to_string(code));
    const Words command{"sh", "-c", "exit " + std::to_string(code)};
    expect_none(api_.create(name, container_body(command)), "create");
    if (order_.tamper == Tamper::forget) api_.remove(name);
    const std::string now = api_.status(name);
    expect(now == "created", "it is '" + now + "' after create");
    if (now.empty()) return;
    expect_none(api_.start(name), "start");
    const int waited = api_.wait(name) + (order_.tamper == Tamper::code ? 1 : 0);
    expect(waited == code, "wait said " + std::to_string(waited));
    const auto inspected = api_.inspect(name);
    expect(inspected.has_value(), "it is forgotten");
    if (inspected) {
        const auto kept = state_of(*inspected, "ExitCode").as_integer();
        expect(kept == code, "inspect says " + std::to_string(kept));
    }
    remove(name);
}

// All that is acknowledged is listed, and the list is one.
void Worker::look_around(const std::string& name) {
    const Reply reply = api_.ask("GET", ApiTarget{"/containers/json"}.with("all", "1"));
    expect(reply.status == 200, "the list: " + reply.body);
    expect(reply.body.find("\"/" + name + "\"") != std::string::npos, "the list lacks " + name);
    ++shared_.reads;
}

// The code is right, or the daemon was killed meanwhile and nobody claims to know it.
void Worker::exec_in(const std::string& name) {
    const int code = static_cast<int>(pick(256));
    const std::string text = "echo out; exit " + std::to_string(code);
    const unsigned generation = when_up();
    std::string output;
    const int got = client_to_end({"exec", name, "sh", "-c", text}, &output);
    const bool killed = shared_.generation != generation;
    const bool right = got == code && output == "out\n";
    expect(right || (killed && got != 0), "exec of exit code " + std::to_string(code) + " gave " +
                                              std::to_string(got) + " and '" + output + "'");
    ++shared_.execs;
}

void Worker::stop_restart_pause() {
    const std::string name = new_name();
    begin("change the states of " + name);
    const Words command{"sh", "-c", "trap 'exit 9' TERM; sleep 1000 & echo ready; wait"};
    expect_none(api_.create(name, container_body(command)), "create");
    expect_none(api_.start(name), "start");
    look_around(name);
    for (unsigned step = 0; step < 3; ++step) {
        exec_in(name);
        if (pick(2) == 0) {
            expect_none(api_.act(name, "pause", "paused"), "pause");
            const Json body = Json::object({{"Cmd", Json::array(Words{"true"})}});
            const Reply refused = api_.ask("POST", ApiTarget{"/containers/", name, "/exec"}, body);
            expect(refused.status == 409, "exec in a paused one: " + refused.body);
            expect_none(api_.act(name, "unpause", "running"), "unpause");
            ++shared_.pauses;
        } else {
            expect_none(api_.act(name, "restart", "running", "?t=0"), "restart");
            ++shared_.restarts;
        }
    }
    const bool force = pick(3) == 0;
    expect_none(api_.act(name, "stop", "exited", force ? "?t=0" : "?t=1"), "stop");
    const int code = api_.wait(name);
    expect(code == 9 || code == 137, "exit code " + std::to_string(code) + " after stop");
    ++shared_.stops;
    remove(name);
}

// Bytes through stdin and back.
void Worker::attach() {
    const std::string name = new_name();
    begin("attach to " + name);
    const Noise noise{1 + pick(1'000'000), 200};
    const std::string text = noise_text(noise);
    const ScratchFile input{engine_.place(), 100 + order_.number};
    input.fill(text);
    const ScratchFile output{engine_.place(), 200 + order_.number};
    const unsigned generation = when_up();
    Child client =
        start_program(engine_.client({"run", "-i", "--rm", "--name", name, "host", "cat"}),
                      input.fd(), output.fd());
    int code = 0;
    bool ended = false;
    // What was on its way to a daemon that is killed nobody can bring back: no need to wait.
    while (!(ended = client.has_ended(code)) && shared_.generation == generation)
        pause_for(std::chrono::microseconds{2000});
    if (ended && shared_.generation == generation) {
        expect(code == 0, "exit code " + std::to_string(code));
        expect_none(compare_noise(text, output.text()), "what went through");
        ++shared_.attaches;
    }
    client = Child{};
    remove(name);
}

void Worker::kill_shim() {
    const std::string name = new_name();
    begin("kill the shim of " + name);
    expect_none(api_.create(name, container_body({"sleep", "1000"})), "create");
    expect_none(api_.start(name), "start");
    const auto inspected = api_.inspect(name);
    if (!inspected) return expect(false, "it is forgotten");
    const std::string id = inspected->find("Id")->as_string();
    const std::string file = engine_.root() + "/containers/" + id + "/started.1.json";
    const Json record = parse_json(read_file(file));
    const auto shim = static_cast<pid_t>(record.find("shim")->find("pid")->as_integer());
    const auto first = static_cast<pid_t>(record.find("container")->find("pid")->as_integer());
    const bool stopped_first = pick(2) == 0;
    if (stopped_first) {
        ::kill(shim, SIGSTOP);
        expect(api_.status(name) == "running", "with its shim stopped it does not run");
    }
    ::kill(shim, SIGKILL);
    ++shared_.shim_kills;
    expect(api_.wait(name) == 255, "the exit code is not 255");
    const auto ended = api_.inspect(name);
    expect(ended && state_of(*ended, "Error").as_string() == "shim died", "no word of the shim");
    // It has been told to die.
    for (int i = 0; i < 15'000 && !is_zombie(first); ++i) pause_for(std::chrono::milliseconds{2});
    expect(is_zombie(first), "its process lives on");
    expect_none(api_.start(name), "start again");
    remove(name);
}

// Clients that vanish: the daemon must let go of all that it had for them.
void Worker::kill_clients() {
    const std::string name = new_name();
    begin("kill clients of " + name);
    Json body = container_body({"sh", "-c", "while echo line; do sleep 0.05; done"});
    body["OpenStdin"] = true;
    expect_none(api_.create(name, body), "create");
    expect_none(api_.start(name), "start");
    const Words kinds[] = {{"logs", "-f", name}, {"attach", name}, {"exec", name, "sleep", "1000"},
                           {"wait", name},       {"stats", name},  {"events"}};
    for (unsigned i = 0; i < 6; ++i) {
        Child client = start_program(engine_.client(kinds[pick(6)]));
        pause_for(std::chrono::microseconds{pick(40'000)});
        ::kill(client.pid(), SIGKILL);
        client.wait();
        ++shared_.client_kills;
    }
    remove(name);
}

// How often it has run to an end.
unsigned Worker::runs_of(const std::string& id) const {
    const std::string directory = engine_.root() + "/containers/" + id + "/exit.";
    unsigned runs = 0;
    while (file_exists(directory + std::to_string(runs + 1) + ".json")) ++runs;
    return runs;
}

static void tamper_with(std::string& text, Tamper tamper) {
    const std::size_t middle = text.size() / 2;
    if (tamper == Tamper::lose) text.erase(middle, 1);
    if (tamper == Tamper::duplicate) text.insert(middle, text.substr(middle, 1));
    if (tamper == Tamper::alter) text[middle] = static_cast<char>(text[middle] ^ 0x20);
}

void Worker::compare_log(const std::string& name, const Noise& noise, unsigned runs) {
    std::string expected, text;
    for (unsigned run = 0; run < runs; ++run) expected += noise_text(noise);
    for (int attempt = 0; attempt < 20; ++attempt) {
        const unsigned generation = when_up();
        const int code = client_to_end({"logs", name}, &text);
        if (code == 0) break;
        expect(shared_.generation != generation, "logs: exit code " + std::to_string(code));
    }
    tamper_with(text, order_.tamper);
    expect_none(compare_noise(expected, text), "the log");
    shared_.log_bytes += text.size();
}

// Once it has begun a follower goes on through any number of daemons. Its exit code.
int Worker::follow(const std::string& name, std::string& text) {
    while (true) {
        const unsigned generation = when_up();
        const int code = client_to_end({"logs", "-f", name}, &text);
        if (code == 0 || !text.empty() || shared_.generation == generation) return code;
    }
}

void Worker::write_and_compare() {
    const std::string name = new_name();
    const Noise noise{1 + pick(1'000'000), 1000 + pick(2000)};
    const int code = static_cast<int>(pick(256));
    begin("write with " + name + ", noise " + std::to_string(noise.seed));
    const std::string pause = std::to_string(pick(12) * 1000);
    Json body = container_body({"/writer", "write", std::to_string(noise.seed),
                                std::to_string(noise.lines), pause, std::to_string(code)});
    const Words binds{own_path() + ":/writer:ro"};
    body["HostConfig"] = Json::object({{"Binds", Json::array(binds)}});
    expect_none(api_.create(name, body), "create");
    const auto inspected = api_.inspect(name);
    if (!inspected) return expect(false, "it is forgotten");
    expect_none(api_.start(name), "start");
    std::string followed;
    const int follower = follow(name, followed);
    const int waited = api_.wait(name);
    expect(waited == code,
           "exit code " + std::to_string(waited) + " instead of " + std::to_string(code));
    const unsigned runs = runs_of(inspected->find("Id")->as_string());
    expect(runs == 1, "it ran " + std::to_string(runs) + " times");
    expect(follower == 0, "the follower ended with " + std::to_string(follower));
    tamper_with(followed, order_.tamper);
    expect_none(compare_noise(noise_text(noise), followed), "what the follower saw");
    ++shared_.follows;
    compare_log(name, noise, runs);
    remove(name);
}

void Worker::run() {
    while (!shared_.over) {
        const unsigned dice = order_.writes ? 0 : pick(100);
        if (order_.writes)
            write_and_compare();
        else if (dice < 45)
            run_to_the_end();
        else if (dice < 65)
            stop_restart_pause();
        else if (dice < 78)
            attach();
        else if (dice < 90)
            kill_clients();
        else if (order_.kills_shims)
            kill_shim();
    }
    begin("end");
}

int work(const Engine& engine, Shared& shared, const WorkerOrder& order) {
    try {
        Worker{engine, shared, order}.run();
        return 0;
    } catch (const std::exception& error) {
        report_violation(shared, std::string{shared.actions[order.number]} + ": " + error.what());
        return 1;
    }
}
