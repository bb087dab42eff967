#include "stage6-daemon-shim/core/shim/request_server.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <csignal>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/shim/start_container.hpp"

static constexpr std::string_view kExec = "exec ";

bool signal_container(const RunningContainer& container, int signal) {
    // Not reaped yet, or it would be 0: so the number is surely still its own.
    const pid_t pid = container.process.pid();
    if (pid <= 0) return false;
    return (container.isolated ? ::kill(pid, signal) : ::killpg(pid, signal)) == 0;
}

RequestServer::RequestServer(const ContainerDir& directory, ExecProcesses& execs)
    : directory_{directory}, execs_{execs}, listener_{listen_for_requests(directory)} {}

RequestServer::~RequestServer() {
    ::unlink(directory_.short_path(kSocketFile).c_str());
}

void RequestServer::add_to(std::vector<pollfd>& ready) const {
    // While all places are taken the others wait in the queue of the socket.
    const bool has_room = std::ranges::find(connections_, -1, &Fd::get) != connections_.end();
    ready.push_back({has_room ? listener_.get() : -1, POLLIN, 0});
    for (const Fd& connection : connections_) {
        if (connection) ready.push_back({connection.get(), POLLIN, 0});
    }
}

void RequestServer::serve(std::span<const pollfd> ready, RunningContainer& container) {
    for (const pollfd& one : ready.subspan(1)) {
        if (one.revents == 0) continue;
        const auto connection = std::ranges::find(connections_, one.fd, &Fd::get);
        try {
            if (!serve_connection(one.fd, container)) connection->close();
        } catch (const std::exception&) {
            connection->close();  // it is gone, does not read, or talks nonsense
        }
    }
    if (ready[0].revents != 0) accept_connections();
}

void RequestServer::accept_connections() {
    for (Fd& place : connections_) {
        if (place) continue;
        place = Fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (!place) return;
    }
}

static std::string answer_kill(std::string_view argument, const RunningContainer& container) {
    int signal = 0;
    const auto [end, error] =
        std::from_chars(argument.data(), argument.data() + argument.size(), signal);
    const bool is_number = error == std::errc{} && end == argument.data() + argument.size();
    if (!is_number || signal < 1 || signal > SIGRTMAX) return "error invalid signal";
    // One that has ended just now, and is not told yet, takes a signal as a zombie does.
    const bool has_ended = container.process.pid() <= 0;
    return has_ended || signal_container(container, signal) ? "ok" : "error no such process";
}

static std::string answer_resize(std::string_view argument, const RunningContainer& container) {
    winsize size{};
    const auto blank = std::min(argument.find(' '), argument.size());
    const char* const end = argument.data() + argument.size();
    const auto rows = std::from_chars(argument.data(), end, size.ws_row);
    const auto columns = std::from_chars(argument.data() + blank + 1, end, size.ws_col);
    const bool are_numbers = rows.ec == std::errc{} && columns.ec == std::errc{} &&
                             rows.ptr == argument.data() + blank && columns.ptr == end;
    if (!are_numbers) return "error invalid size";
    if (!container.has_terminal || !container.output) return "error it has no terminal";
    return ::ioctl(container.output.get(), TIOCSWINSZ, &size) == 0 ? "ok" : "error ioctl";
}

static void answer(int connection, std::string_view request, RunningContainer& container) {
    const auto blank = std::min(request.find(' '), request.size());
    const std::string_view verb = request.substr(0, blank);
    const std::string_view argument = request.substr(std::min(blank + 1, request.size()));
    if (verb == "kill") return send_message(connection, answer_kill(argument, container));
    if (verb == "resize") return send_message(connection, answer_resize(argument, container));
    if (verb == "stdin") {
        if (!container.input) return send_message(connection, "error stdin is not open");
        const int end = container.input.get();
        return send_message(connection, "ok", {&end, 1});
    }
    if (verb == "close-stdin") container.input.close();
    const bool known = verb == "close-stdin" || verb == "ping";
    send_message(connection, known ? "ok" : "error unknown request " + printable(verb));
}

bool RequestServer::serve_connection(int connection, RunningContainer& container) {
    ShimMessage message;
    switch (receive_message(connection, message)) {
        case Received::nothing_yet: return true;
        case Received::end: return false;
        case Received::message: break;
    }
    if (message.text.starts_with(kExec)) return !begin_exec(connection, message, container);
    answer(connection, message.text, container);
    return true;
}

// True when the connection is the exec's from now on, and here it may be closed.
bool RequestServer::begin_exec(int connection, const ShimMessage& message,
                               RunningContainer& container) {
    try {
        const std::string_view request = std::string_view{message.text}.substr(kExec.size());
        execs_.begin(connection, request, message.descriptors, container);
        return true;
    } catch (const std::exception& error) {
        send_message(connection, outcome_text({0, failure_kind_of(error), error.what()}));
        return false;
    }
}
