// A real daemon with a root and a socket of its own, and those who talk to it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stage6-daemon-shim/core/json/json.hpp"
#include "tests/support/testing.hpp"

// What a framed stream held, put together.
struct Streams {
    std::string out, err;
};
Streams split_streams(std::string_view frames);

// One connection that speaks HTTP by hand. Whatever it waits for comes within forty seconds.
class Talk {
public:
    explicit Talk(const std::string& socket);

    int fd() const { return socket_.get(); }
    void send(std::string_view bytes);
    void request(const std::string& method, const std::string& path,
                 const std::string& headers = {}, const std::string& body = {});
    void end_sending();

    // The head of the answer, its empty line included; the bytes behind it.
    std::string read_head();
    std::string read_to_end();

    // Until the bytes behind the head, as they came, contain the text.
    void wait_for(std::string_view text);
    const std::string& received() const { return received_; }

    // Whether the daemon has sent something, or ended the connection, by now.
    bool has_input() const;

    // Takes what comes next; false at the end of the stream.
    bool read_more();

private:
    Fd socket_;
    std::string received_;
};

struct Answer {
    int status = 0;
    std::string head, body;  // the body without its chunks' heads

    Json json() const;
    std::string message() const;  // of an error
};
std::ostream& operator<<(std::ostream& stream, const Answer& answer);

// Out of a connection: an answer to its end.
Answer read_answer(Talk& talk);

class EngineScene {
public:
    // "slipway": slipwayd and slipway; "orchestrator": orchestratord and orchestrate.
    // `options`: of the daemon's command line.
    explicit EngineScene(std::string family = "slipway", std::vector<std::string> options = {});
    EngineScene(const EngineScene&) = delete;
    EngineScene& operator=(const EngineScene&) = delete;
    ~EngineScene();  // removes the containers and stops the daemon

    const std::string& socket() const { return socket_; }
    const std::string& root() const { return root_; }
    pid_t pid() const { return daemon_->pid(); }

    // The daemon: SIGKILL; a start that waits for its line; both.
    void kill_daemon();
    void start_daemon();
    void restart();

    // Command lines of the daemon and of clients, and what became of one.
    std::vector<std::string> daemon() const;
    std::vector<std::string> client(std::vector<std::string> words) const;
    std::vector<std::string> docker(std::vector<std::string> words) const;
    Result run_client(std::vector<std::string> words, const RunOptions& options = {}) const;
    Result run_docker(std::vector<std::string> words, const RunOptions& options = {}) const;

    // A request on a connection of its own; the path without the version.
    Answer request(const std::string& method, const std::string& path,
                   const std::string& body = {}) const;

    // Must succeed; the id. `change` may add to the body.
    std::string create(const std::string& name, const std::vector<std::string>& command,
                       const std::function<void(Json&)>& change = {}) const;
    void start(const std::string& name) const;
    std::string run_detached(const std::string& name, const std::vector<std::string>& command,
                             const std::function<void(Json&)>& change = {}) const;

    // The exit code, when it has ended.
    int wait(const std::string& name) const;

    Json inspect(const std::string& name) const;
    std::string status(const std::string& name) const;  // "running"
    std::string error(const std::string& name) const;
    int exit_code(const std::string& name) const;
    Streams logs(const std::string& name, const std::string& query = {}) const;
    void wait_for_logged(const std::string& name, std::string_view text) const;

    // Where the container's records are, and who stands in them.
    std::string directory(const std::string& id) const { return root_ + "/containers/" + id; }
    pid_t shim_of(const std::string& id, int number = 1) const;
    pid_t process_of(const std::string& id, int number = 1) const;

    std::size_t descriptors() const;  // of the daemon

private:
    void clean_up();

    std::string family_, root_, socket_;
    std::vector<std::string> options_;
    std::unique_ptr<Process> daemon_;
};

// First thing in a case that needs the docker command.
void need_docker();

// Of the docker command here: 20 is Debian's. Some texts and codes are its own.
int docker_major_version();

bool process_exists(pid_t pid);

// "1\n2\n...N\n"
std::string numbers(int last);

// The second after this one, in seconds since 1970: all that has happened has happened before it.
// (time(2) is some milliseconds behind the clock that gives events their times.)
std::string next_second();
