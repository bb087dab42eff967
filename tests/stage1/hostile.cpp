// Clients that are slow, greedy, wrong or gone, and a machine that is short of something.
#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/socket.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage1/talk.hpp"

static const std::string kEmptyList = "Available containers: []";

TEST_CASE("a client that does not read its replies delays nobody and is not read from",
          "[stage1]") {
    RunningManager manager;
    TextClient greedy{manager.port()};
    const std::string long_name(55, 'n');
    for (int i = 0; i < 400; ++i) greedy.ask("run " + long_name + std::to_string(i));
    std::string lists;
    for (int i = 0; i < 5000; ++i) lists += "list\n";
    std::size_t sent = 0;
    // The sockets' buffers and the manager's bound hold some 10 MiB of replies, of 28 KiB for each
    // 5 bytes; then the manager has to stop reading, and then we can send no more.
    const auto is_stuck = [&] {
        const std::size_t count = send_some(greedy.fd(), lists);
        sent += count;
        return count == 0 && sent > 0;
    };
    wait_until(
        [&] {
            if (!is_stuck()) return false;
            const std::string answer = TextClient{manager.port()}.ask("stop none");
            return answer == "Container not found" && is_stuck();
        },
        "a client that can send no more");
    CHECK(sent < 64u << 20);
    const std::string status =
        read_file("/proc/" + std::to_string(manager.process().pid()) + "/status");
    const auto resident = std::stol(status.substr(status.find("VmRSS:") + 6));
    INFO(status);
    CHECK(resident < 32 * 1024);  // KiB: sanitizers need room too
}

TEST_CASE("what a client sent ahead is answered in full when it reads at last", "[stage1]") {
    RunningManager manager;
    TextClient client{manager.port()};
    for (int i = 0; i < 100; ++i) client.ask("run container_number_" + std::to_string(i));
    const std::string list = client.ask("list");
    std::string lists;
    for (int i = 0; i < 1000; ++i) lists += "list\n";
    client.send(lists);
    client.end_sending();
    const std::string replies = client.read_to_end();
    REQUIRE(replies.size() == 1000 * (list.size() + 1));
    CHECK(replies.ends_with(list + "\n"));
}

TEST_CASE("a client that vanishes while it is sent a long list harms nobody", "[stage1]") {
    RunningManager manager;
    TextClient client{manager.port()};
    std::string runs;
    for (int i = 0; i < 10'000; ++i) runs += "run container_number_" + std::to_string(i) + "\n";
    client.send(runs);
    for (int i = 0; i < 10'000; ++i) client.read_line();
    for (int i = 0; i < 20; ++i) {
        TextClient vanishing{manager.port()};
        vanishing.send("list\nlist\nlist\n");
        vanishing.read_some();
        vanishing.reset();
    }
    CHECK(client.ask("stop none") == "Container not found");
    const std::string fds = "/proc/" + std::to_string(manager.process().pid()) + "/fd";
    wait_until([&] { return run({"ls", fds}).out.size() < 40; }, "the descriptors to be closed");
}

TEST_CASE("each bad line gets one clear line, and changes nothing", "[stage1]") {
    RunningManager manager;
    TextClient client{manager.port()};
    for (const std::string& name : {std::string{"../../etc/x"}, std::string{"-rf"},
                                    std::string(65, 'n'), std::string{".."}}) {
        CHECK(client.ask("run " + name).starts_with("Invalid container name"));
    }
    CHECK(client.ask("run " + std::string(64, 'n')).starts_with("Container '"));
    for (const std::string line : {"run \xff", "run \x1b[31mred", "run a\rb"}) {
        const std::string reply = client.ask(line);
        CHECK(reply.starts_with("Invalid"));
        CHECK(printable(reply) == reply);
    }
    CHECK(client.ask("list") == "Available containers: ['" + std::string(64, 'n') + " - created']");
}

TEST_CASE("a line has at most 4096 bytes", "[stage1]") {
    RunningManager manager;
    TextClient longest{manager.port()};
    CHECK(longest.ask("list" + std::string(4092, ' ')) == kEmptyList);
    for (const std::string& text :
         {"list" + std::string(4093, ' ') + "\nrun late\n", std::string(1 << 20, 'x')}) {
        TextClient client{manager.port()};
        client.send(text);
        CHECK(client.read_line() == "Line too long: at most 4096 bytes");
        CHECK(client.read_to_end().empty());
    }
    CHECK(longest.ask("list") == kEmptyList);
}

TEST_CASE("what a browser posts to the port is not executed", "[stage1]") {
    RunningManager manager;
    for (const std::string request :
         {"POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: text/plain\r\n\r\nrun evil\r\n",
          "Host: rebound.example\nrun evil\n"}) {
        TextClient browser{manager.port()};
        browser.send(request);
        CHECK(browser.read_to_end() == "This is not an HTTP server\n");
    }
    CHECK(TextClient{manager.port()}.ask("list") == kEmptyList);
}

TEST_CASE("ten megabytes of noise end one connection and nothing else", "[stage1]") {
    RunningManager manager;
    Fd random{check(::open("/dev/urandom", O_RDONLY | O_CLOEXEC), "open", "/dev/urandom")};
    std::string noise(1 << 20, '\0');
    check(::read(random.get(), noise.data(), noise.size()), "read", "/dev/urandom");
    TextClient client{manager.port()};
    try {
        for (int i = 0; i < 10; ++i) client.send(noise);
        client.read_to_end();
    } catch (const SystemError&) {  // closed before the last of it
    }
    CHECK(TextClient{manager.port()}.ask("list") == kEmptyList);
}

TEST_CASE("without a free descriptor the manager goes on, and does not spin", "[stage1]") {
    RunningManager manager{{"prlimit", "--nofile=24:24"}};
    std::vector<TextClient> clients;
    for (int i = 0; i < 30; ++i) clients.emplace_back(manager.port());
    CHECK(clients[0].ask("list") == kEmptyList);
    clients[29].send("list\n");  // has to wait

    const std::string stat = "/proc/" + std::to_string(manager.process().pid()) + "/schedstat";
    const auto used = [&] { return std::stoll(read_file(stat)) / 1'000'000; };  // milliseconds
    const auto before = used();
    CHECK(run({"sleep", "1"}).exit_code == 0);
    CHECK(used() - before < 200);

    clients.erase(clients.begin(), clients.begin() + 20);
    CHECK(clients.back().read_line() == kEmptyList);
}

TEST_CASE("a log that cannot be written does not stop the service", "[stage1]") {
    // The port cannot be read from such a log: take a free one first.
    for (const std::string target : {">&-", "> /dev/full", "> >(true)"}) {
        INFO(target);
        const std::uint16_t port = local_port(listen_tcp({"127.0.0.1", 0}).get());
        Process manager{{"bash", "-c", "exec \"$0\" --port \"$1\" " + target, program(1),
                         std::to_string(port)}};
        std::optional<TextClient> client;
        wait_until(
            [&] {
                try {
                    client.emplace(port);
                } catch (const SystemError&) {
                    return false;
                }
                return true;
            },
            "the manager to listen");
        for (int i = 0; i < 10; ++i) CHECK(client->ask("list") == kEmptyList);
    }
}

TEST_CASE("a log that nobody reads does not stop the service", "[stage1]") {
    const Pipe unread = make_pipe();
    const std::uint16_t port = local_port(listen_tcp({"127.0.0.1", 0}).get());
    const std::string reader =
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(unread.write_end.get());
    Process manager{{"bash", "-c", "exec \"$0\" --port \"$1\" > \"$2\"", program(1),
                     std::to_string(port), reader}};
    manager.wait_for_error("controls the manager");
    TextClient client{port};
    for (int i = 0; i < 10'000; ++i) CHECK(client.ask("list") == kEmptyList);
}
