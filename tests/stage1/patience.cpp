// What the manager does when its clients keep it waiting, with shorter waits than 30 seconds.
#include <poll.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "stage1-tcp-manager/manager.hpp"
#include "tests/stage1/talk.hpp"

using std::chrono_literals::operator""ms;

static constexpr Patience kImpatient{
    .quiet = 20ms, .unfinished = 300ms, .unread = 300ms, .farewell = 300ms};

[[noreturn]] static void become_manager(int log, const Patience& patience) noexcept try {
    duplicate_onto(log, STDOUT_FILENO);
    ContainerManager manager{{"127.0.0.1", 0}, patience};
    ::_exit(manager.serve_until_signal());
} catch (const std::exception& error) {
    ::_exit(report_failure("manager", error, 1));
}

// The manager's own class in a child of the test.
class ImpatientManager {
public:
    explicit ImpatientManager(const Patience& patience = kImpatient) : log_{make_pipe()} {
        child_ = Child{check(::fork(), "fork")};
        if (child_.pid() == 0) become_manager(log_.write_end.get(), patience);
        char piece[200];
        const auto count = check(::read(log_.read_end.get(), piece, sizeof piece), "read");
        std::string line{piece, static_cast<std::size_t>(count)};
        port_ = port_in(line.substr(0, line.find('\n')));
    }
    std::uint16_t port() const { return port_; }
    pid_t pid() const { return child_.pid(); }
    int wait() { return child_.wait(); }

private:
    Pipe log_;
    std::uint16_t port_ = 0;
    Child child_;
};

TEST_CASE("a line that is not finished in time ends its connection", "[stage1]") {
    ImpatientManager manager;
    for (const std::string text : {"list\nrun unfin", "run", "hello"}) {
        INFO(text);
        TextClient client{manager.port()};
        client.send(text);
        const std::string replies = client.read_to_end();
        INFO(replies);
        CHECK(replies.ends_with("Line not finished in time: a newline ends a command\n"));
    }
}

TEST_CASE("a byte now and then does not make a line last for ever", "[stage1]") {
    ImpatientManager manager;
    TextClient client{manager.port()};
    const auto is_closed = [&] {
        ::poll(nullptr, 0, 50);
        try {
            client.send("x");
            return false;
        } catch (const SystemError&) {
            return true;
        }
    };
    wait_until(is_closed, "the manager to close the connection");
}

TEST_CASE("between commands a client may be silent as long as it likes", "[stage1]") {
    ImpatientManager manager;
    TextClient lines{manager.port()};
    TextClient texts{manager.port()};
    const auto both_are_served = [&] {
        texts.send("list");
        return lines.ask("list") == "Available containers: []" &&
               texts.read_line() == "Available containers: []";
    };
    CHECK(both_are_served());
    CHECK(run({"sleep", "0.7"}).exit_code == 0);
    CHECK(both_are_served());
}

TEST_CASE("a client that does not read at all is dropped in the end", "[stage1]") {
    ImpatientManager manager;
    TextClient client{manager.port()};
    for (int i = 0; i < 200; ++i) client.ask("run container_number_" + std::to_string(i));
    std::string lists;
    for (int i = 0; i < 5000; ++i) lists += "list\n";
    wait_until(
        [&] {
            try {
                send_some(client.fd(), lists);
                return false;
            } catch (const SystemError&) {
                return true;
            }
        },
        "the manager to close the connection");
}

TEST_CASE("a client that does not leave after its exit is dropped in the end", "[stage1]") {
    ImpatientManager manager;
    TextClient client{manager.port()};
    client.send("exit\n");
    CHECK(client.read_to_end().empty());
    wait_until(
        [&] {
            try {
                client.send("still here\n");
                return false;
            } catch (const SystemError&) {
                return true;
            }
        },
        "the manager to close the connection");
}

TEST_CASE("a manager that was itself stopped does not blame its clients", "[stage1]") {
    Patience patience = kImpatient;
    patience.unfinished = 5000ms;  // of which sending the halves must not take all
    ImpatientManager manager{patience};
    std::vector<TextClient> clients;  // more than one wake-up of the manager is told of
    for (int i = 0; i < 600; ++i) clients.emplace_back(manager.port());
    for (TextClient& client : clients) client.ask("list");
    for (TextClient& client : clients) client.send("run we");
    clients[0].send("b\n");
    clients[0].read_line();  // by now it has taken most of the halves
    check(::kill(manager.pid(), SIGSTOP), "kill");
    for (TextClient& client : clients) client.send("b\n");
    CHECK(run({"sleep", "5.1"}).exit_code == 0);
    check(::kill(manager.pid(), SIGCONT), "kill");
    for (std::size_t i = 1; i < clients.size(); ++i) {
        CHECK(clients[i].read_line() == "Container 'web' created at '/tmp/web.txt'");
    }
}

TEST_CASE("a whole command was one, however late the manager sees it", "[stage1]") {
    Patience patience = kImpatient;
    patience.quiet = 1000ms;
    patience.unfinished = 1500ms;
    ImpatientManager manager{patience};
    TextClient client{manager.port()};
    TextClient other{manager.port()};
    client.send("run web");
    CHECK(other.ask("stop none") == "Container not found");  // it has read the first one's text
    check(::kill(manager.pid(), SIGSTOP), "kill");
    CHECK(run({"sleep", "1.6"}).exit_code == 0);
    check(::kill(manager.pid(), SIGCONT), "kill");
    CHECK(client.read_line() == "Container 'web' created at '/tmp/web.txt'");
}

TEST_CASE("the waits are those of the protocol, on a clock that nobody sets", "[stage1]") {
    CHECK(Patience{}.quiet == 20ms);
    CHECK(Patience{}.unfinished == 30'000ms);
    CHECK(Patience{}.unread == 30'000ms);
    CHECK(Clock::is_steady);
}
