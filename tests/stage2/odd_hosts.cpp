// Manager and client on machines that are not as ours is.
#include <signal.h>

#include <filesystem>

#include "tests/stage2/acted_manager.hpp"
#include "tests/support/odd_host.hpp"

TEST_CASE("a manager and its clients work on odd machines", "[stage2][odd]") {
    for (const OddHost& host : kOddHosts) {
        INFO(host.name);
        Process manager{there(host, {program(1), "--port", "0"})};
        manager.wait_for_output("listening on 127.0.0.1:");
        const std::string line = manager.read_line();
        const std::string port = line.substr(line.rfind(':') + 1);
        const std::string name = random_name();
        const Result made = run(there(host, {program(2), "--port", port, "run", name}));
        INFO(made);
        CHECK(made.exit_code == 0);
        CHECK(made.out.find("Container '" + name + "' created at '") == 0);
        manager.signal(SIGTERM);
        CHECK(manager.wait() == 0);
    }
}

TEST_CASE("a manager and its client may lie anywhere", "[stage2][odd]") {
    const std::string place = move_into_long_path();
    std::filesystem::copy_file(program(1), place + "/manager");
    std::filesystem::copy_file(program(2), place + "/client");
    Process manager{{place + "/manager", "--port", "0"}};
    manager.wait_for_output("listening on 127.0.0.1:");
    const std::string line = manager.read_line();
    const Result listed =
        run({place + "/client", "--port", line.substr(line.rfind(':') + 1), "list"});
    INFO(listed);
    CHECK(listed.out == "Available containers: []\n");
}
