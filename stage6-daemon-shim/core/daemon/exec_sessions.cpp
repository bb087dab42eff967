#include "stage6-daemon-shim/core/daemon/exec_sessions.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/daemon/shim_client.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// A container whose files hang may hold up the step into it; the shim itself goes on.
static constexpr auto kStartDeadline = std::chrono::seconds{60};
// How long the code of one that its container took along can still be asked for.
static constexpr auto kRemembered = std::chrono::seconds{10};
static constexpr int kKilledCode = 128 + 9;

// With the words of Docker and runc in front, according to which of the two finds it out there.
static std::string exec_failure_text(const std::string& text) {
    if (text.starts_with("unable to find ") || text.starts_with("uids and gids ")) return text;
    const bool is_early = text.starts_with("Cwd must ");
    return "OCI runtime exec failed: exec failed: " +
           std::string{is_early ? "" : "unable to start container process: "} + text + ": unknown";
}

ExecFailed::ExecFailed(StartFailure kind, const std::string& text)
    : std::runtime_error{exec_failure_text(text)}, kind_{kind} {}

// The program, a blank, its arguments: so there is a blank behind a program without any.
static std::string action_text(const std::vector<std::string>& words) {
    std::string text = words[0] + " ";
    for (std::size_t i = 1; i < words.size(); ++i) text += (i == 1 ? "" : " ") + words[i];
    return text;
}

ExecPointer ExecSessions::create(ContainerPointer container, const std::string& as_given,
                                 ExecCommand command) {
    const Verdict verdict = judge(container->state, Verb::exec, container->id, as_given);
    if (verdict.status >= 400) throw HttpError{verdict.status, verdict.message};
    forget_old_ones();
    auto session = std::make_shared<ExecSession>(loop_, new_container_id(), std::move(container));
    session->command = std::move(command);
    session->start_of_container = session->container->starts;
    request_of(*session);  // what is wrong with it is said now
    sessions_[session->id] = session;
    announcements_.of_container(*session->container,
                                "exec_create: " + action_text(session->command.args),
                                {{"execID", session->id}});
    return session;
}

// Those that can run no more go with their container, but for a code that somebody may be about to
// ask for.
void ExecSessions::forget_old_ones() {
    std::erase_if(sessions_, [](const auto& entry) {
        const ExecSession& session = *entry.second;
        const Container& container = *session.container;
        const bool has_gone = container.removed || container.exits >= session.start_of_container;
        const bool is_remembered = session.exit_code && Clock::now() < session.forgotten_at;
        return has_gone && !session.running && !is_remembered;
    });
}

ExecPointer ExecSessions::find(const std::string& id) {
    forget_old_ones();
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) throw HttpError{404, "No such exec instance: " + id};
    return found->second;
}

std::vector<std::string> ExecSessions::running_in(const Container& container) const {
    std::vector<std::string> ids;
    for (const auto& [id, session] : sessions_) {
        if (session->running && session->container.get() == &container) ids.push_back(id);
    }
    return ids;
}

std::string ExecSessions::request_of(const ExecSession& session) const {
    const ExecCommand& command = session.command;
    const JsonReader spec = JsonReader{session.container->config}.get_object("spec");
    const Json* of_container = spec.find("process");
    Json request;
    Json& process = request["process"];
    if (of_container != nullptr) process = *of_container;
    auto environment = JsonReader{process}.get_strings("env");
    for (const auto& entry : command.env) {
        const std::string name = entry.substr(0, entry.find('=')) + "=";
        std::erase_if(environment, [&](const auto& known) { return known.starts_with(name); });
        if (entry.find('=') != std::string::npos) environment.push_back(entry);
    }
    process["args"] = Json::array(command.args);
    process["env"] = Json::array(environment);
    if (!command.cwd.empty()) process["cwd"] = command.cwd;
    process["terminal"] = command.terminal;
    bool is_planned = false;
    for (const DaemonFeature& feature : features_) {
        if (feature.plan_exec == nullptr) continue;
        feature.plan_exec(*session.container, command, request);
        is_planned = true;
    }
    if (!is_planned && (!command.user.empty() || command.privileged)) {
        throw HttpError{400, "exec: another user and more privileges are not built in"};
    }
    return "exec " + request.text();
}

// --- the start ----------------------------------------------------------------------------------

static Fd open_null() {
    return Fd{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null")};
}

static void do_not_block(const Fd& fd) {
    check(::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK), "fcntl F_SETFL");
}

// Our end of a pipe whose other end becomes `of_child`; /dev/null where nobody wants it.
static Fd make_stream(bool is_wanted, bool is_input, Fd& of_child) {
    if (!is_wanted) {
        of_child = open_null();
        return {};
    }
    Pipe pipe = make_pipe();
    of_child = std::move(is_input ? pipe.read_end : pipe.write_end);
    Fd ours = std::move(is_input ? pipe.write_end : pipe.read_end);
    do_not_block(ours);
    return ours;
}

// Sends the request and waits for what became of it. The connection stays the session's.
Task<void> ExecSessions::ask_for_it(ExecPointer session, std::vector<int> descriptors) {
    const ContainerDir directory = ContainerDir::open(session->container->directory);
    session->connection = connect_to_shim(directory);
    fail_point<"ask for an exec">();
    send_message(session->connection.get(), request_of(*session), descriptors);
    ShimMessage answer;
    while (true) {
        const Received received = receive_message(session->connection.get(), answer);
        if (received == Received::message) break;
        if (received == Received::end) {
            throw ExecFailed{StartFailure::engine, "the container has ended"};
        }
        const Wake wake =
            co_await loop_.readable(session->connection.get(), Clock::now() + kStartDeadline);
        if (wake == Wake::timed_out) {
            throw ExecFailed{StartFailure::engine, "its shim does not answer"};
        }
    }
    const ShimOutcome outcome = parse_outcome(answer.text);
    if (outcome.failure != StartFailure::none) throw ExecFailed{outcome.failure, outcome.error};
    session->pid = outcome.pid;
}

// A pair of sockets over which a terminal's other end comes.
struct ConsoleSockets {
    ConsoleSockets() {
        int pair[2];
        const int type = SOCK_SEQPACKET | SOCK_CLOEXEC;
        check(::socketpair(AF_UNIX, type, 0, pair), "socketpair");
        ours = Fd{pair[0]};
        of_child = Fd{pair[1]};
    }
    Fd take_terminal() const {
        ShimMessage message;
        if (receive_message(ours.get(), message) != Received::message ||
            message.descriptors.size() != 1) {
            throw ExecFailed{StartFailure::engine, "its terminal did not arrive"};
        }
        do_not_block(message.descriptors[0]);
        return std::move(message.descriptors[0]);
    }
    Fd ours, of_child;
};

static Fd copy_of(const Fd& fd) {
    return Fd{check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), "fcntl F_DUPFD_CLOEXEC")};
}

Task<ExecStreams> ExecSessions::start(ExecPointer session) {
    if (session->started) {
        throw HttpError{409, "exec command " + session->id +
                                 (session->running ? " is already running" : " has already run")};
    }
    const Verdict verdict = judge(session->container->state, Verb::exec, session->container->id,
                                  session->container->name);
    if (verdict.status >= 400) throw HttpError{verdict.status, verdict.message};
    session->started = true;
    announcements_.of_container(*session->container,
                                "exec_start: " + action_text(session->command.args),
                                {{"execID", session->id}});
    ExecStreams streams;
    try {
        if (session->command.terminal) {
            const ConsoleSockets console;
            std::vector<int> ends = {console.of_child.get()};
            co_await ask_for_it(session, std::move(ends));
            streams.output = console.take_terminal();
            streams.input = copy_of(streams.output);
            session->terminal = copy_of(streams.output);
        } else {
            Fd input, output, error;
            streams.input = make_stream(session->wants_input, true, input);
            streams.output = make_stream(session->wants_output, false, output);
            streams.error = make_stream(session->wants_error, false, error);
            std::vector<int> ends = {input.get(), output.get(), error.get()};
            co_await ask_for_it(session, std::move(ends));
        }
    } catch (const ExecFailed& error) {
        end(*session, error.exit_code());
        throw;
    } catch (const std::exception& error) {
        end(*session, ExecFailed{StartFailure::engine, {}}.exit_code());
        throw;
    }
    session->running = true;
    session->changed.notify_all();
    loop_.spawn(watch(session));
    co_return streams;
}

void ExecSessions::end(ExecSession& session, int code) {
    session.exit_code = code;
    session.running = false;
    session.forgotten_at = Clock::now() + kRemembered;
    session.connection.close();
    session.terminal.close();
    announcements_.of_container(*session.container, "exec_die",
                                {{"execID", session.id}, {"exitCode", std::to_string(code)}});
    session.changed.notify_all();
}

void ExecSessions::kill(const ExecSession& session) {
    // The shim takes the end of the connection as the daemon's own, whose execs end with it.
    if (session.running) ::shutdown(session.connection.get(), SHUT_RDWR);
}

// What we cannot hear is as good as an end: nobody may wait for it for ever.
static Received hear(const ExecSession& session, ShimMessage& message) {
    try {
        return receive_message(session.connection.get(), message);
    } catch (const std::exception&) {
        return Received::end;
    }
}

// Until the shim says how it ended, or has ended itself.
Task<void> ExecSessions::watch(ExecPointer session) {
    int code = kKilledCode;
    ShimMessage message;
    while (session->connection) {
        const Received received = hear(*session, message);
        if (received == Received::nothing_yet) {
            co_await until_readable(loop_, session->connection.get());
            continue;
        }
        if (received == Received::message && message.text.starts_with(kExecExited)) {
            const char* const end_of_text = message.text.data() + message.text.size();
            std::from_chars(message.text.data() + kExecExited.size(), end_of_text, code);
        }
        break;
    }
    end(*session, code);
}
