// A shim from its start to its end: what is recorded, who survives whom, what is left.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/shim_lock.hpp"
#include "tests/stage3/container.hpp"
#include "tests/stage6/shim_harness.hpp"

TEST_CASE("a plain process's exit code is recorded", "[stage6]") {
    for (const int code : {0, 7, 255}) {
        ShimOfTest shim;
        shim.run(plain_spec({probe(), "exit", std::to_string(code)}));
        const ExitRecord record = shim.wait();
        CHECK(record.code == code);
        CHECK(record.signal == 0);
        CHECK_FALSE(record.oom);
        CHECK(record.time.size() == 30);
    }
}

TEST_CASE("a container's exit code is recorded", "[stage6]") {
    for (const int code : {0, 7, 255}) {
        ShimOfTest shim;
        shim.run(container_spec({"exit", std::to_string(code)}));
        CHECK(shim.wait().code == code);
    }
}

TEST_CASE("a killed container's code is 128 and the signal", "[stage6]") {
    for (const bool isolated : {false, true}) {
        ShimOfTest shim;
        shim.run(isolated ? container_spec({"sleep"}) : plain_spec({probe(), "sleep"}));
        CHECK(shim.ask("kill 9").text == "ok");
        const ExitRecord record = shim.wait();
        CHECK(record.code == 128 + SIGKILL);
        CHECK(record.signal == SIGKILL);
    }
}

TEST_CASE("the started record names container and shim", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({probe(), "sleep"}));
    const auto record = read_started(shim.directory(), 1);
    REQUIRE(record);
    CHECK(record->container == identity_of(shim.container_pid()));
    CHECK(record->shim == identity_of(shim.pid()));
    CHECK(record->boot == boot_id());
    CHECK(open_process(record->container, record->boot));
    CHECK(shim.ask("kill 9").text == "ok");
    shim.wait();
}

TEST_CASE("the lock is held while the shim lives, and free when it has ended", "[stage6]") {
    ShimOfTest shim;
    shim.run(container_spec({"sleep"}));
    CHECK(shim_is_alive(shim.directory()));
    shim.ask("kill 9");
    shim.wait();
    CHECK_FALSE(shim_is_alive(shim.directory()));
}

TEST_CASE("nothing of a container is left but its log, its records and what it wrote", "[stage6]") {
    ShimOfTest shim;
    shim.run(container_spec({"touch", "/file"}));
    CHECK(shim.wait().code == 0);
    CHECK(names_in(shim.path()) == Words{"config.json", "exit.1.json", "log", "shim.lock",
                                         "started.1.json", "upper", "work"});
    CHECK(file_exists(shim.path() + "/upper/file"));
    for (const auto& group : shim.cgroups()) CHECK_FALSE(file_exists(group));
}

TEST_CASE("the next start of a container finds what the one before wrote", "[stage6]") {
    ShimOfTest shim;
    Spec spec = container_spec({"write", "/tmp/file", "kept"});
    check(::mkdir((spec.root_path + "/tmp").c_str(), 0755), "mkdir");
    shim.run(spec);
    CHECK(shim.wait().code == 0);
    spec.process.args = {"/probe", "cat", "/tmp/file"};
    shim.run(spec);
    CHECK(shim.wait().code == 0);
    CHECK(shim.logged() == "kept\n");
    CHECK(shim.number() == 2);
    CHECK(shim.directory().has("exit.1.json"));
}

TEST_CASE("a container dies with its shim, and leaves the lock free", "[stage6]") {
    ShimOfTest shim;
    shim.run(container_spec({"ignore-term"}));
    const auto record = read_started(shim.directory(), 1);
    ::kill(shim.pid(), SIGKILL);
    shim.reap();
    wait_until([&] { return !open_process(record->container, record->boot); },
               "the container is dead");
    CHECK_FALSE(shim_is_alive(shim.directory()));
    CHECK_FALSE(shim.directory().has("exit.1.json"));
}

TEST_CASE("the start after a killed shim finds its remains and goes on", "[stage6]") {
    ShimOfTest shim;
    const Spec spec = container_spec({"exit", "5"});
    Spec sleeping = spec;
    sleeping.process.args = {"/probe", "sleep"};
    shim.run(sleeping);
    ::kill(shim.pid(), SIGKILL);
    shim.reap();
    shim.run(spec);
    CHECK(shim.wait().code == 5);
}

TEST_CASE("a shim outlives who started it", "[stage6]") {
    ShimOfTest shim;
    const Spec spec = plain_spec({probe(), "catch", "15"});
    const pid_t daemon = check(::fork(), "fork");
    if (daemon == 0) {
        try {
            shim.start(spec);
            ::kill(::getpid(), SIGKILL);
        } catch (const std::exception&) {
            ::_exit(1);
        }
    }
    CHECK(Child{daemon}.wait() == 128 + SIGKILL);
    const auto record = read_started(shim.directory(), 1);
    REQUIRE(record);
    shim.wait_for_logged("ready");
    CHECK(shim_is_alive(shim.directory()));
    CHECK(shim.ask("kill 15").text == "ok");
    wait_until([&] { return shim.directory().has("exit.1.json"); }, "the exit is recorded");
    CHECK(read_exit(shim.directory(), 1)->code == 0);
    CHECK(shim.logged() == "ready\ncaught 15\n");
    wait_until([&] { return !shim_is_alive(shim.directory()); }, "the shim has ended");
}

TEST_CASE("what a plain process leaves behind ends with it", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({probe(), "orphan"}));
    CHECK(shim.wait().code == 0);
    const pid_t orphan = std::stoi(shim.logged());
    CHECK_FALSE(is_alive(orphan));
}

TEST_CASE("a plain process with cgroups can be limited, and they are removed", "[stage6][root]") {
    ShimOfTest shim;
    Spec spec = plain_spec({"sh", "-c", probe() + " orphan; " + probe() + " forks 20"});
    spec.limits.pids = 8;
    shim.give_cgroups(spec);
    shim.run(spec);
    shim.wait();
    CHECK(shim.logged().find("20 ok") == std::string::npos);
    CHECK_FALSE(is_alive(std::stoi(shim.logged())));
    for (const auto& group : shim.cgroups()) CHECK_FALSE(file_exists(group));
}

TEST_CASE("a grandchild that holds the output does not hold up the exit record", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({"sh", "-c", "setsid sleep 1000 & echo started; exit 3"}));
    CHECK(shim.wait().code == 3);
    CHECK(shim.logged() == "started\n");
}

TEST_CASE("a stranger who holds the output does not hold up the exit record for ever", "[stage6]") {
    ShimOfTest shim;
    shim.run(plain_spec({probe(), "sleep"}));
    const std::string output = "/proc/" + std::to_string(shim.container_pid()) + "/fd/1";
    const Fd held{check(::open(output.c_str(), O_WRONLY | O_CLOEXEC), "open", output)};
    shim.ask("kill 9");
    CHECK(shim.wait().code == 137);
    CHECK(held);  // to the end
}

TEST_CASE("a container that runs out of memory is recorded as that", "[stage6][root]") {
    ShimOfTest shim;
    Spec spec = container_spec({"eat", "64"});
    spec.limits.memory_bytes = 16u << 20;
    shim.run(spec);
    const ExitRecord record = shim.wait();
    CHECK(record.code == 137);
    CHECK(record.oom);
}

TEST_CASE("a shim that is started by hand says who starts it", "[stage6]") {
    const Result result = run({built("orchestrator-shim"), "id", "1"});
    INFO(result);
    CHECK(result.exit_code == 2);
    CHECK(result.err == "orchestrator-shim: the daemon starts this program (try --help)\n");
    CHECK(run({built("orchestrator-shim"), "--help"}).exit_code == 0);
}
