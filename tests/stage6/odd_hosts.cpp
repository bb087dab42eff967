// The engine on machines that are not as ours is: it works, or one line says what is missing.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage3/container.hpp"
#include "tests/stage6/engine_scene.hpp"
#include "tests/support/odd_host.hpp"

// A daemon that was started by another command line than the scene's own.
class OddDaemon {
public:
    OddDaemon(EngineScene& scene, const std::vector<std::string>& command) {
        scene.kill_daemon();
        daemon_ = std::make_unique<Process>(command);
        daemon_->wait_for_output("listening on");
    }
    OddDaemon(const OddDaemon&) = delete;
    OddDaemon& operator=(const OddDaemon&) = delete;
    ~OddDaemon() {
        daemon_->signal(SIGTERM);
        daemon_->wait();
    }

private:
    std::unique_ptr<Process> daemon_;
};

using Clients = std::function<std::vector<std::string>(std::vector<std::string>)>;

// Every kind of thing that a container does in its life.
static void check_life(const EngineScene& scene, const Clients& client) {
    const Result once = run(client({"run", "--rm", "--", "sh", "-c", "echo hello; exit 3"}));
    INFO(once);
    CHECK(once.exit_code == 3);
    CHECK(once.out == "hello\n");
    CHECK(once.err.empty());
    const Result made = run(client({"run", "-d", "--name", "web", "--", "sleep", "1000"}));
    INFO(made);
    REQUIRE(made.exit_code == 0);
    for (const auto& [words, out] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"exec", "web", "--", "sh", "-c", "echo inside"}, "inside\n"},
             {{"pause", "web"}, "web\n"},
             {{"unpause", "web"}, "web\n"},
             {{"stats", "--no-stream", "--format", "{{.Name}}", "web"}, "web\n"},
             {{"stop", "-t", "0", "web"}, "web\n"},
             {{"rm", "web"}, "web\n"}}) {
        const Result done = run(client(words));
        INFO(done);
        CHECK(done.exit_code == 0);
        CHECK(done.out == out);
    }
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().empty());
}

TEST_CASE("the engine works on odd machines", "[stage6][odd]") {
    for (const OddHost& host : kOddHosts) {
        INFO(host.name);
        EngineScene scene;
        const OddDaemon daemon{scene, there(host, scene.daemon())};
        check_life(scene, [&](const auto& words) { return there(host, scene.client(words)); });
    }
}

TEST_CASE("daemon, shim, client, state and volumes may lie in any path", "[stage6][odd]") {
    const std::string place = move_into_long_path();
    for (const char* name : {"slipwayd", "slipway", "slipway-shim"}) {
        std::filesystem::copy_file(built(name), place + "/" + name);
    }
    check(::setenv("SLIPWAYD", (place + "/slipwayd").c_str(), 1), "setenv");
    check(::setenv("SLIPWAY", (place + "/slipway").c_str(), 1), "setenv");
    EngineScene scene;
    check_life(scene, [&](const auto& words) { return scene.client(words); });
    make_file(place + "/volume", "precious\n", 0644);
    const Result shown =
        scene.run_client({"run", "--rm", "-v", place + "/volume:/shown:ro", "--", "cat", "/shown"});
    INFO(shown);
    CHECK(shown.out == "precious\n");
    check(::unsetenv("SLIPWAYD"), "unsetenv");
}

TEST_CASE("the engine works without any control group, and says which wishes it cannot fulfil",
          "[stage6][odd][root]") {
    EngineScene scene;
    const OddDaemon daemon{scene,
                           with_mounts("umount --recursive --lazy /sys/fs/cgroup", scene.daemon())};
    check_life(scene, [&](const auto& words) { return scene.client(words); });
    const Result limited = scene.run_client({"run", "--rm", "-m", "64m", "--", "true"});
    INFO(limited);
    CHECK(limited.exit_code == 125);
    CHECK(limited.out.empty());
    CHECK(limited.err.find("need a control group") != std::string::npos);
    CHECK(limited.err.find('\n') == limited.err.size() - 1);
}

TEST_CASE("an ordinary user's engine works where /proc hides the processes of others",
          "[stage6][odd][root]") {
    need_user_namespaces();
    const std::string place = temporary_directory();
    for (const char* name : {"slipwayd", "slipway", "slipway-shim"}) {
        std::filesystem::copy_file(built(name), place + "/" + name);
    }
    check(::chown(place.c_str(), 65534, 65534), "chown", place);
    const std::vector<std::string> user{"setpriv", "--reuid",       "65534",
                                        "--regid", "65534",         "--clear-groups",
                                        "env",     "HOME=" + place, "TMPDIR=" + place};
    const auto as_user = [&](std::vector<std::string> command) {
        command.insert(command.begin(), user.begin(), user.end());
        return with_mounts("mount -t proc -o hidepid=2 proc /proc", command);
    };
    const std::string socket = place + "/socket";
    Process daemon{as_user({place + "/slipwayd", "--socket", socket, "--root", place + "/root"})};
    daemon.wait_for_output("listening on");
    const auto client = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {place + "/slipway", "--socket", socket});
        return run(as_user(words));
    };
    const Result once = client({"run", "--rm", "--", "sh", "-c", "echo hello; exit 3"});
    INFO(once);
    CHECK(once.exit_code == 3);
    CHECK(once.out == "hello\n");
    CHECK(client({"run", "-d", "--name", "web", "--", "sleep", "1000"}).exit_code == 0);
    CHECK(client({"exec", "web", "--", "true"}).exit_code == 0);
    CHECK(client({"rm", "-f", "web"}).exit_code == 0);
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
}

TEST_CASE("a user who may make no user namespace is told so, and has plain processes all the same",
          "[stage6][odd]") {
    need_user_namespaces();
    EngineScene scene;
    const OddDaemon daemon{scene, without_user_namespaces(scene.daemon())};
    const Result refused = scene.run_client({"run", "--rm", "--", "true"});
    INFO(refused);
    CHECK(refused.exit_code == 125);
    CHECK(refused.out.empty());
    CHECK(refused.err.find("/proc/sys/user") != std::string::npos);
    const Result plain = scene.run_client(
        {"run", "--rm", "--isolation", "none", "--", "sh", "-c", "echo hello; exit 3"});
    INFO(plain);
    CHECK(plain.exit_code == 3);
    CHECK(plain.out == "hello\n");
}
