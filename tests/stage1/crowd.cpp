// More clients than a machine has room for, and what each of them costs.
#include <sys/resource.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage1/talk.hpp"
#include "tests/support/busy.hpp"

static const std::string kEmptyList = "Available containers: []";

TEST_CASE("without a free descriptor the manager goes on, and does not spin",
          "[stage1][contract]") {
    hint(
        "accept(2) fails with EMFILE, and the client stays at the door: do not end, and do not ask "
        "again at once, for ever.");
    RunningManager manager{{"prlimit", "--nofile=40:40"}};
    std::vector<TextClient> clients;
    for (int i = 0; i < 60; ++i) clients.emplace_back(manager.port());
    CHECK(clients[0].ask("list") == kEmptyList);
    clients[59].send("list\n");  // has to wait
    CHECK(is_idle(manager.process().pid()));
    CHECK(clients[0].ask("list") == kEmptyList);
    clients.erase(clients.begin(), clients.begin() + 50);
    CHECK(clients.back().read_line() == kEmptyList);
}

// Of this process, for clients; the manager raises its own.
static std::size_t descriptors_for_clients() {
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    return std::min<std::size_t>(10'000, limit.rlim_cur - 100);
}

TEST_CASE("ten thousand clients, or as many as the limit allows, are served at once",
          "[stage1][slow]") {
    RunningManager manager;
    const std::size_t count = descriptors_for_clients();
    std::vector<TextClient> clients;
    clients.reserve(count);
    while (clients.size() < count) clients.emplace_back(manager.port());
    for (TextClient& client : clients) client.send("list\n");
    for (TextClient& client : clients) REQUIRE(client.read_line() == kEmptyList);
    for (TextClient& client : clients) client.reset();  // leaves no port in TIME_WAIT
    CHECK(TextClient{manager.port()}.ask("list") == kEmptyList);
}

TEST_CASE("a client in the middle of a line costs at most 8 KiB", "[stage1][lean]") {
    RunningManager manager;
    const auto resident = [&] {  // KiB
        const std::string status =
            read_file("/proc/" + std::to_string(manager.process().pid()) + "/status");
        return std::stoul(status.substr(status.find("VmRSS:") + 6));
    };
    const std::size_t before = resident();
    std::vector<TextClient> clients;
    const std::string much = std::string(3000, ' ') + "list\n";
    for (int i = 0; i < 400; ++i) {
        clients.emplace_back(manager.port());
        clients.back().send(much + much + much + much + much + std::string(4096, 'x'));
        for (int reply = 0; reply < 5; ++reply) clients.back().read_line();
    }
    CHECK(resident() < before + 400 * 8 + 1024);
}
