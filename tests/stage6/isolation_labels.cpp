// AppArmor and SELinux: a label is set where the machine has the module, and refused where not.
#include <sys/mount.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage6/isolation_scene.hpp"

static BodyChange with_option(const std::string& option) {
    return host_config("SecurityOpt", Json::array({Json{option}}));
}

// Loads a profile that allows everything but to read /forbidden, and takes it away again.
class LoadedProfile {
public:
    LoadedProfile() {
        if (run({"apparmor_parser", "--version"}).exit_code != 0) skip("no apparmor_parser here");
        const std::string place = "/sys/kernel/security";
        if (!file_exists(place + "/apparmor")) {  // in the case's own namespace
            check(::mount("securityfs", place.c_str(), "securityfs", 0, nullptr), "mount", place);
            is_mounted_ = true;
        }
        write_file(file_,
                   "profile " + name_ +
                       " flags=(attach_disconnected) {\n  file,\n  capability,\n  network,\n"
                       "  signal,\n  mount,\n  umount,\n  ptrace,\n  deny /forbidden r,\n}\n");
        const Result loaded =
            run({"apparmor_parser", "-K", "-a", file_}, {.deadline = std::chrono::seconds{30}});
        if (loaded.exit_code != 0) throw Failure{"apparmor_parser: " + loaded.err};
    }
    LoadedProfile(const LoadedProfile&) = delete;
    LoadedProfile& operator=(const LoadedProfile&) = delete;
    ~LoadedProfile() {
        run({"apparmor_parser", "-K", "-R", file_}, {.deadline = std::chrono::seconds{30}});
        if (is_mounted_) ::umount2("/sys/kernel/security", MNT_DETACH);
    }
    const std::string& name() const { return name_; }

private:
    bool is_mounted_ = false;
    std::string name_ = "slipway-test-" + random_name();
    std::string file_ = temporary_directory() + "/profile";
};

TEST_CASE("a container is shut in by the AppArmor profile that it is told",
          "[stage6][isolation][root][apparmor]") {
    const LoadedProfile profile;
    IsolationScene scene;
    const auto says = [&](const std::string& verb, const std::string& path,
                          const BodyChange& change) {
        const std::string name = random_name();
        const std::string id = scene.create_with_probe(name, {verb, path}, change);
        write_file(scene.upper(id) + "/forbidden", "a secret\n");
        scene.start(name);
        scene.wait(name);
        return scene.logs(name).out;
    };
    const auto confined = with_option("apparmor=" + profile.name());
    CHECK(says("cat", "/proc/self/attr/current", confined) == profile.name() + " (enforce)\n");
    CHECK(says("may-read", "/forbidden", confined) == "EACCES\n");
    CHECK(says("may-read", "/forbidden", {}) == "read\n");
    CHECK(says("may-read", "/forbidden", with_option("apparmor=unconfined")) == "read\n");
    const auto with_both = [&](Json& body) {
        Json& options = body["HostConfig"]["SecurityOpt"];
        options.push_back("apparmor=" + profile.name());
        options.push_back("no-new-privileges");
    };
    CHECK(says("may-read", "/forbidden", with_both) == "EACCES\n");
}

TEST_CASE("a profile that is not loaded is named, and the container does not start",
          "[stage6][isolation][root][apparmor]") {
    IsolationScene scene;
    scene.create_with_probe("lost", {"pid"}, with_option("apparmor=no-such-profile"));
    const Answer answer = scene.request("POST", "/containers/lost/start");
    INFO(answer);
    CHECK(answer.status == 500);
    CHECK(answer.message().find("apparmor failed to apply profile no-such-profile: No such file or "
                                "directory (is it loaded?") != std::string::npos);
    const Json info = scene.request("GET", "/info").json();
    CHECK(info.find("SecurityOptions")->text().find("\"name=apparmor\"") != std::string::npos);
}

TEST_CASE("a label of a module that is not there is refused", "[stage6][isolation]") {
    IsolationScene scene;
    const auto message = [&](const std::string& option) {
        Json body = Json::object({{"Image", "host"}, {"Cmd", Json::array({Json{"true"}})}});
        with_option(option)(body);
        const Answer answer = scene.request("POST", "/containers/create", body.text());
        return std::to_string(answer.status) + " " + answer.message();
    };
    const Json info = scene.request("GET", "/info").json();
    const std::string options = info.find("SecurityOptions")->text();
    if (options.find("name=apparmor") == std::string::npos) {
        CHECK(message("apparmor=some") == "400 apparmor=some: this machine has no AppArmor");
    }
    if (options.find("name=selinux") == std::string::npos) {
        CHECK(message("label=type:some_t") == "400 label=type:some_t: this machine has no SELinux");
    }
    CHECK(message("apparmor=unconfined").starts_with("201"));
    CHECK(message("label=disable").starts_with("201"));
}
