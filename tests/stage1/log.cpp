// A log that cannot be written, or that nobody reads.
#include <unistd.h>

#include <optional>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "common/tcp_socket.hpp"
#include "tests/stage1/talk.hpp"

static const std::string kEmptyList = "Available containers: []";

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
