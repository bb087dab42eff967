// Where the manager listens, and what its command line may say.
#include "common/error.hpp"
#include "common/file.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage1/talk.hpp"

static const std::string kEmptyList = "Available containers: []";

TEST_CASE("the manager listens where it is told to, and nowhere else", "[stage1][contract]") {
    hint("Bind to the address of --host, not to all: 127.0.0.2 is another one of this machine.");
    const RunningManager manager;
    CHECK_THROWS_AS(connect_tcp({"127.0.0.2", manager.port()}), SystemError);
    hint("An empty host is none; to some libraries it means every address of the machine.");
    const Result nowhere = run({program(1), "--host", "", "--port", "0"});
    INFO(nowhere);
    CHECK((nowhere.exit_code == 1 || nowhere.exit_code == 2));
    CHECK(nowhere.out.empty());
    CHECK_FALSE(nowhere.err.empty());
}

TEST_CASE("the manager listens on an address of IPv6 too", "[stage1][contract]") {
    try {
        listen_tcp({"::1", 0});
    } catch (const SystemError&) {
        skip("this machine has no IPv6: ::1 cannot be had");
    }
    hint("Let getaddrinfo(3) say which family the host is of; the first line has [::1]:PORT.");
    Process manager{{program(1), "--host", "::1", "--port", "0"}};
    const std::string first = manager.read_line();
    const std::uint16_t port = port_in(first);
    CHECK(first.ends_with(" listening on [::1]:" + std::to_string(port)));
    TextClient client{connect_tcp({"::1", port})};
    CHECK(client.ask("list") == kEmptyList);
    const std::string own_port = std::to_string(local_port(client.fd()));
    CHECK(manager.read_line() == "Connection from ('::1', " + own_port + ", 0, 0)");
}

TEST_CASE("a manager can be started again at once on the same port", "[stage1][contract]") {
    hint("Set SO_REUSEADDR before bind(2), and never SO_REUSEPORT.");
    std::string port;
    {
        RunningManager manager;
        port = std::to_string(manager.port());
        TextClient client{manager.port()};
        client.ask("list");
        manager.process().signal(SIGTERM);
        manager.process().wait();
    }
    Process again{{program(1), "--port", port}};
    CHECK(again.read_line().ends_with(":" + port));
    const Result second = run({program(1), "--port", port});
    INFO(second);
    CHECK(second.exit_code == 1);
    CHECK_FALSE(second.err.empty());
}

TEST_CASE("a port in use is named, and the way out", "[stage1]") {
    RunningManager manager;
    const std::string port = std::to_string(manager.port());
    const Result second = run({program(1), "--port", port});
    INFO(second);
    CHECK(second.err == "stage1-tcp-manager: bind 127.0.0.1:" + port +
                            ": Address already in use (is another manager running? choose another "
                            "with --port)\n");
}

TEST_CASE("a port for root alone is refused to others, by its name", "[stage1][user]") {
    if (read_file("/proc/sys/net/ipv4/ip_unprivileged_port_start") == "0\n") {
        skip("this machine gives every port to every user (ip_unprivileged_port_start)");
    }
    const Result result = run({program(1), "--port", "1"});
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.err == "stage1-tcp-manager: bind 127.0.0.1:1: Permission denied\n");
}

static const std::vector<std::vector<std::string>> kWrongArguments = {
    {"--port", "65536"}, {"--port", "-1"},   {"--port", "abc"}, {"--port", ""},
    {"--port", "+1"},    {"--port", " 0"},   {"--port", "0 "},  {"--port", "1_0"},
    {"--port", "0x1f"},  {"--port", "８０"}, {"--port"},        {"--po", "0"},
    {"--nonsense"},      {"surplus"}};

static Result run_manager(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {program(1)};
    command.insert(command.end(), arguments.begin(), arguments.end());
    // A name server may be out of reach, and is not to be waited for (resolv.conf(5)).
    return run(command, {.environment = {"RES_OPTIONS=timeout:1 attempts:1"}});
}

TEST_CASE("wrong usage of the manager ends it with 2, and says why on standard error",
          "[stage1][contract]") {
    hint("Exit code 2 for a command line that is wrong, 1 for an address that cannot be had.");
    for (const auto& arguments : kWrongArguments) {
        const Result result = run_manager(arguments);
        INFO(result);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK_FALSE(result.err.empty());
    }
    CHECK(run_manager({"--host", "no.such.host.invalid"}).exit_code == 1);
}

TEST_CASE("--help answers on standard output with 0, and so does --version of the manager",
          "[stage1][contract]") {
    hint("Both print on standard output and end; neither listens.");
    for (const std::string option : {"--help", "--version"}) {
        const Result result = run_manager({option});
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK_FALSE(result.out.empty());
        CHECK(result.err.empty());
    }
}

TEST_CASE("wrong usage of the manager is one clear line under its own name", "[stage1]") {
    for (const auto& arguments : kWrongArguments) {
        const Result result = run_manager(arguments);
        INFO(result);
        CHECK(result.err.starts_with("stage1-tcp-manager: "));
        CHECK(result.err.find('\n') == result.err.size() - 1);
    }
}
