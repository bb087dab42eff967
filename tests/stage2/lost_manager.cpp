// A manager that is not there, or goes away, or says nothing.
#include <sys/mount.h>
#include <sys/socket.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage2/acted_manager.hpp"

// The client's own words; a reader's program may choose others.
static void check_words(const std::string& error, const std::string& words) {
    INFO(error);
    CHECK(error.find(checked_stage() == 0 ? words : "") != std::string::npos);
    CHECK_FALSE(error.empty());
}

TEST_CASE("nobody listens: exit code 3", "[stage2][contract]") {
    hint("No manager there is exit code 3, and a text on standard error.");
    const HeldPort port;
    for (const auto& words : std::vector<std::vector<std::string>>{{}, {"list"}}) {
        const Result result = run(client_command(port.number(), words));
        INFO(result);
        CHECK(result.exit_code == 3);
        CHECK_FALSE(result.err.empty());
    }
    // A name server may be out of reach, and is not to be waited for (resolv.conf(5)).
    CHECK(run({program(2), "--host", "no.such.host.invalid", "list"},
              {.environment = {"RES_OPTIONS=timeout:1 attempts:1"}})
              .exit_code == 3);
}

TEST_CASE("nobody listens: the client asks whether the manager is running", "[stage2]") {
    const HeldPort port;
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{}, std::vector<std::string>{"list"}}) {
        const Result result = run(client_command(port.number(), words));
        INFO(result);
        CHECK(result.exit_code == 3);
        CHECK(result.err == "stage2-cli-client: connect 127.0.0.1:" + port.text() +
                                ": Connection refused (is the manager running?)\n");
    }
}

TEST_CASE("a manager that does not accept is given up after five seconds",
          "[stage2][slow][contract]") {
    hint("connect(2) blocks for minutes: make the socket non-blocking and poll(2) it for 5 s.");
    const Fd listener = listen_tcp({"127.0.0.1", 0});
    check(::listen(listener.get(), 0), "listen");
    const TextClient first{local_port(listener.get())};
    wait_until_connected(listener.get());  // and the queue is full
    const Result result = run(client_command(local_port(listener.get()), {"list"}), patient());
    INFO(result);
    CHECK(result.exit_code == 3);
    check_words(result.err, "timed out");
}

TEST_CASE("a host with several addresses is tried until one answers", "[stage2][root][contract]") {
    hint("getaddrinfo(3) returns a list: try each address of it until one can be connected to.");
    const std::string hosts = temporary_directory() + "/hosts";
    write_file(hosts, "127.0.0.1 manager.test\n127.0.0.2 manager.test\n");
    // Seen in the mount namespace of this case alone.
    check(::mount(hosts.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr), "mount", "/etc/hosts");
    // Whichever of the two is tried first, in one round nobody listens there.
    for (const std::string host : {"127.0.0.1", "127.0.0.2"}) {
        const HeldPort port{"0.0.0.0"};
        Process manager{{program(1), "--host", host, "--port", port.text()}};
        manager.read_line();
        const Result result =
            run({program(2), "--host", "manager.test", "--port", port.text(), "list"});
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.out == "Available containers: []\n");
    }
    check(::umount("/etc/hosts"), "umount", "/etc/hosts");
}

TEST_CASE("a connection that ends before the reply is exit code 3", "[stage2][contract]") {
    hint("When recv returns 0 before the reply, the exit code is 3.");
    ActedManager manager;
    Process client{client_command(manager.port(), {"list"})};
    {
        TextClient connection = manager.accept();
        CHECK(connection.read_line() == "list");
    }
    CHECK(client.wait() == 3);
    check_words(client.err(), "connection closed before the reply");
}

TEST_CASE("a manager that stands still is given up after ten seconds", "[stage2][slow][contract]") {
    hint("No wait without a deadline: after 10 s without a reply, exit code 3.");
    RunningManager manager;
    manager.process().signal(SIGSTOP);  // the kernel goes on accepting for it
    const Result result = run(client_command(manager.port(), {"list"}), patient());
    INFO(result);
    CHECK(result.exit_code == 3);
    check_words(result.err, "no reply within 10 seconds");
}

TEST_CASE("a manager that reads no more is given up after ten seconds", "[stage2][slow]") {
    ActedManager manager;
    const int bytes = 4096;  // so that sending soon blocks
    check(::setsockopt(manager.listener(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes),
          "setsockopt");
    std::string input;
    const std::string name(64, 'n');
    for (int i = 0; i < 10'000; ++i) input += "run\n" + name + "\n";
    Process client{client_in_shell(manager.port(), "< " + file_with(input)), patient()};
    TextClient connection = manager.accept();
    CHECK(connection.read_line() == "run " + name);
    connection.send("Container '" + name + "' created at '/tmp/" + name + ".txt'\n");
    CHECK(client.wait() == 3);
    check_words(client.err(), "no reply within 10 seconds");
}

TEST_CASE("a manager that is killed in the middle is told at once", "[stage2]") {
    RunningManager manager;
    Process client{client_command(manager.port())};
    client.send("list\n");
    client.wait_for_output("Available containers: []\n\n" + kPrompt);
    manager.process().signal(SIGSTOP);
    client.send("stop\nnone\n");
    client.wait_for_output("[Client Packet Shipped: stop none]\n");
    manager.process().signal(SIGKILL);
    CHECK(client.wait() == 3);
    check_words(client.err(), "connection closed before the reply");
}

TEST_CASE("a reset while the prompt waits is the manager's end too", "[stage2]") {
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.wait_for_output(kPrompt);
    connection.reset();
    CHECK(client.wait() == 3);
    CHECK(client.out().ends_with(kPrompt + "\n"));  // the shell's prompt has a line of its own
    check_words(client.err(), "connection closed by the manager");
}

TEST_CASE("a reply without an end does not fill the memory", "[stage2][contract]") {
    hint("Put a limit on what you keep of a reply.");
    ActedManager manager;
    Process client{client_command(manager.port(), {"list"})};
    TextClient connection = manager.accept();
    const std::string much(1 << 20, 'x');
    try {
        for (int i = 0; i < 100; ++i) connection.send(much);
    } catch (const SystemError&) {  // it hung up
    }
    CHECK(client.wait() == 3);
    check_words(client.err(), "a reply without an end");
    CHECK(client.out().empty());
}

TEST_CASE("a manager that goes away is told at once, while the prompt waits",
          "[stage2][contract]") {
    hint(
        "Wait for keyboard and socket at once (poll(2)): a read that returns 0 is the manager's "
        "end.");
    ActedManager manager;
    Process client{client_command(manager.port())};
    {
        TextClient connection = manager.accept();
        client.wait_for_output(kPrompt);
    }
    CHECK(client.wait() == 3);
    check_words(client.err(), "connection closed by the manager");
}
