#include "tests/stage6/engine_scene.hpp"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ostream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/socket.hpp"
#include "stage6-daemon-shim/core/wire/body.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/core/wire/stream_frames.hpp"
#include "tests/stage3/container.hpp"

// Nothing takes so long where all is well, however busy the machine is.
static constexpr std::chrono::seconds kDeadline{40};

static std::chrono::milliseconds deadline() {
    return patient(kDeadline);
}

Streams split_streams(std::string_view frames) {
    Streams streams;
    StreamFrameDecoder decoder;
    while (const auto piece = decoder.next(frames)) {
        const bool is_error = piece->type == StreamType::standard_error;
        (is_error ? streams.err : streams.out).append(piece->bytes);
    }
    if (decoder.inside_frame()) throw Failure{"the stream ended within a frame"};
    return streams;
}

Talk::Talk(const std::string& socket) : socket_{connect_unix(socket)} {}

void Talk::send(std::string_view bytes) {
    send_all(socket_.get(), bytes, deadline());
}

void Talk::request(const std::string& method, const std::string& path, const std::string& headers,
                   const std::string& body) {
    std::string text = method + " /v1.44" + path + " HTTP/1.1\r\nHost: docker\r\n" + headers;
    if (!body.empty()) text += "Content-Type: application/json\r\n";
    if (!body.empty() || method == "POST") {
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    send(text + "\r\n" + body);
}

void Talk::end_sending() {
    check(::shutdown(socket_.get(), SHUT_WR), "shutdown");
}

bool Talk::has_input() const {
    pollfd ready{socket_.get(), POLLIN, 0};
    return ::poll(&ready, 1, 0) == 1;
}

bool Talk::read_more() {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(deadline().count())) != 1) {
        throw Failure{"the daemon sends nothing more after: " + printable(received_)};
    }
    char piece[65536];
    const auto count = retry([&] { return ::recv(socket_.get(), piece, sizeof piece, 0); });
    if (count > 0) received_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
}

std::string Talk::read_head() {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_more()) throw Failure{"the connection ended within a head: " + received_};
    }
    const std::string head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    return head;
}

std::string Talk::read_to_end() {
    while (read_more()) {
    }
    return received_;
}

void Talk::wait_for(std::string_view text) {
    while (received_.find(text) == std::string::npos) {
        if (!read_more()) throw Failure{"the stream ended before " + std::string{text}};
    }
}

Json Answer::json() const {
    return parse_json(body);
}

std::string Answer::message() const {
    const Json answer = json();
    const Json* text = answer.find("message");
    return text == nullptr ? "" : text->as_string();
}

std::ostream& operator<<(std::ostream& stream, const Answer& answer) {
    return stream << answer.head << printable(answer.body) << "\n";
}

Answer read_answer(Talk& talk) {
    Answer answer;
    answer.head = talk.read_head();
    ResponseHead head;
    parse_response_head(answer.head, "GET", head);
    answer.status = head.status;
    BodyDecoder decoder{head};
    decoder.decode(talk.read_to_end(), answer.body);
    if (head.framing != Framing::until_close && !decoder.done()) {
        throw Failure{"the body was cut off: " + printable(answer.body)};
    }
    return answer;
}

EngineScene::EngineScene(std::string family, std::vector<std::string> options)
    : family_{std::move(family)}, options_{std::move(options)} {
    if (!is_root()) need_user_namespaces();
    const std::string place = temporary_directory();
    root_ = place + "/root";
    socket_ = place + "/daemon.sock";
    start_daemon();
}

static std::vector<std::string> with_words(std::vector<std::string> command,
                                           std::vector<std::string> words) {
    for (std::string& word : words) command.push_back(std::move(word));
    return command;
}

EngineScene::~EngineScene() {
    try {
        clean_up();
    } catch (const std::exception& error) {
        report_failure("engine scene", error, 1);
    }
}

void EngineScene::clean_up() {
    if (daemon_ == nullptr) start_daemon();
    const Answer answer = request("GET", "/containers/json?all=1");
    const Json list = answer.json();
    for (const Json& container : list.as_array()) {
        request("DELETE", "/containers/" + container.find("Id")->as_string() + "?force=1");
    }
    daemon_->signal(SIGTERM);
    daemon_->wait();
}

std::vector<std::string> EngineScene::daemon() const {
    const char* const name = family_ == "slipway" ? "slipwayd" : "orchestratord";
    std::vector<std::string> command{built(name), "--socket", socket_, "--root", root_};
    // A reader's own; else a daemon knows its shim.
    if (const char* shim = std::getenv("SLIPWAY_SHIM")) {
        command.insert(command.end(), {"--shim", shim});
    }
    return with_words(std::move(command), options_);
}

void EngineScene::start_daemon() {
    daemon_ = std::make_unique<Process>(daemon(), RunOptions{.deadline = kDeadline});
    daemon_->wait_for_output("listening on");
}

void EngineScene::kill_daemon() {
    daemon_->signal(SIGKILL);
    daemon_->wait();
    daemon_.reset();
}

void EngineScene::restart() {
    kill_daemon();
    start_daemon();
}

std::vector<std::string> EngineScene::client(std::vector<std::string> words) const {
    const std::string name = family_ == "slipway" ? "slipway" : "orchestrate";
    return with_words({built(name), "--socket", socket_}, std::move(words));
}

std::vector<std::string> EngineScene::docker(std::vector<std::string> words) const {
    return with_words({"docker", "-H", "unix://" + socket_}, std::move(words));
}

Result EngineScene::run_client(std::vector<std::string> words, const RunOptions& options) const {
    return run(client(std::move(words)), options);
}

Result EngineScene::run_docker(std::vector<std::string> words, const RunOptions& options) const {
    return run(docker(std::move(words)), options);
}

Answer EngineScene::request(const std::string& method, const std::string& path,
                            const std::string& body) const {
    Talk talk{socket_};
    talk.request(method, path, "Connection: close\r\n", body);
    return read_answer(talk);
}

static void must_succeed(const Answer& answer, const std::string& what) {
    if (answer.status < 200 || answer.status > 304) {
        throw Failure{what + ": " + answer.head + answer.body};
    }
}

std::string EngineScene::create(const std::string& name, const std::vector<std::string>& command,
                                const std::function<void(Json&)>& change) const {
    Json body = Json::object({{"Image", "host"}, {"Cmd", Json::array(command)}});
    if (change) change(body);
    const Answer answer = request("POST", "/containers/create?name=" + name, body.text());
    must_succeed(answer, "create " + name);
    return answer.json().find("Id")->as_string();
}

void EngineScene::start(const std::string& name) const {
    must_succeed(request("POST", "/containers/" + name + "/start"), "start " + name);
}

std::string EngineScene::run_detached(const std::string& name,
                                      const std::vector<std::string>& command,
                                      const std::function<void(Json&)>& change) const {
    std::string id = create(name, command, change);
    start(name);
    return id;
}

int EngineScene::wait(const std::string& name) const {
    const Answer answer = request("POST", "/containers/" + name + "/wait");
    must_succeed(answer, "wait " + name);
    return static_cast<int>(answer.json().find("StatusCode")->as_integer());
}

Json EngineScene::inspect(const std::string& name) const {
    const Answer answer = request("GET", "/containers/" + name + "/json");
    must_succeed(answer, "inspect " + name);
    return answer.json();
}

static Json state_member(const Json& inspected, std::string_view name) {
    return *inspected.find("State")->find(name);
}

std::string EngineScene::status(const std::string& name) const {
    return state_member(inspect(name), "Status").as_string();
}

std::string EngineScene::error(const std::string& name) const {
    return state_member(inspect(name), "Error").as_string();
}

int EngineScene::exit_code(const std::string& name) const {
    return static_cast<int>(state_member(inspect(name), "ExitCode").as_integer());
}

Streams EngineScene::logs(const std::string& name, const std::string& query) const {
    const Answer answer = request("GET", "/containers/" + name + "/logs?stdout=1&stderr=1" + query);
    must_succeed(answer, "logs " + name);
    return split_streams(answer.body);
}

void EngineScene::wait_for_logged(const std::string& name, std::string_view text) const {
    const auto has_come = [&] { return logs(name).out.find(text) != std::string::npos; };
    wait_until(has_come, "the log contains " + std::string{text});
}

static pid_t recorded_pid(const std::string& directory, int number, std::string_view who) {
    const Json record =
        parse_json(read_file(directory + "/started." + std::to_string(number) + ".json"));
    return static_cast<pid_t>(record.find(who)->find("pid")->as_integer());
}

pid_t EngineScene::shim_of(const std::string& id, int number) const {
    return recorded_pid(directory(id), number, "shim");
}

pid_t EngineScene::process_of(const std::string& id, int number) const {
    return recorded_pid(directory(id), number, "container");
}

std::size_t EngineScene::descriptors() const {
    const std::string path = "/proc/" + std::to_string(pid()) + "/fd";
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(path.c_str()), ::closedir};
    std::size_t count = 0;
    while (stream && ::readdir(stream.get()) != nullptr) ++count;
    return count;
}

void need_docker() {
    if (run({"docker", "--version"}).exit_code != 0) skip("no docker CLI here");
}

int docker_major_version() {
    const std::string text = run({"docker", "--version"}).out;  // "Docker version 28.2.2, build..."
    return std::atoi(text.c_str() + std::string_view{"Docker version "}.size());
}

bool process_exists(pid_t pid) {
    return ::kill(pid, 0) == 0;
}

std::string numbers(int last) {
    std::string text;
    for (int number = 1; number <= last; ++number) text += std::to_string(number) + "\n";
    return text;
}

std::string next_second() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::to_string(std::chrono::floor<std::chrono::seconds>(now).count() + 1);
}
