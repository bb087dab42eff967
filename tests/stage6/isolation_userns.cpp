// slipwayd --userns-remap: container root is not host root.
#include <sys/mount.h>
#include <sys/stat.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "tests/stage6/isolation_scene.hpp"

static constexpr const char* kRange = "300000:400000";

static IsolationScene remapping_scene() {
    return IsolationScene{{"--userns-remap", kRange}};
}

static std::string owner_of(const std::string& path) {
    struct stat status {};
    check(::lstat(path.c_str(), &status), "stat", path);
    return std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
}

// Of "type mode uid gid size", what the probe says of a path.
static std::string owner_inside(const std::string& status) {
    const auto words = words_of(status, " ");
    return words.size() < 4 ? status : words[2] + ":" + words[3];
}

// More mounts in the spec of a container that is made and not started.
static void add_bind(const std::string& directory, const std::string& source,
                     const std::string& destination, const std::string& option) {
    const std::string path = directory + "/config.json";
    Json config = parse_json(read_file(path));
    config["spec"]["mounts"].push_back(Json::object({{"destination", destination},
                                                     {"type", "bind"},
                                                     {"source", source},
                                                     {"options", Json::array({Json{option}})}}));
    write_file(path, config.text());
}

// What holds for a container of a remapping daemon, on overlays and on copies.
static void check_container(IsolationScene& scene) {
    const std::string map = scene.probe_says({"cat", "/proc/self/uid_map"});
    CHECK(words_of(map, " ") == std::vector<std::string>{"0", "300000", "65536"});
    const std::string groups = scene.probe_says({"cat", "/proc/self/gid_map"});
    CHECK(words_of(groups, " ") == std::vector<std::string>{"0", "400000", "65536"});
    const std::string id = scene.run_detached("web", {"sh", "-c",
                                                      "echo x > /file; mkdir /sub; "
                                                      "chown 7:8 /sub; echo ready; "
                                                      "exec sleep 100"});
    scene.wait_for_logged("web", "ready");
    // Outside, that is somebody without a name.
    const std::string process = "/proc/" + std::to_string(scene.process_of(id));
    CHECK(owner_of(process) == "300000:400000");
    CHECK(status_field(read_file(process + "/status"), "Uid").starts_with("300000\t"));
    CHECK(owner_of(scene.upper(id) + "/file") == "300000:400000");
    CHECK(owner_of(scene.upper(id) + "/sub") == "300007:400008");
    CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    CHECK_FALSE(file_exists(scene.directory(id)));
    // The image's files belong to root on disk, and inside too.
    CHECK(owner_inside(scene.probe_says({"stat", "/bin/sh"})) == "0:0");
    CHECK(owner_inside(scene.probe_says({"stat", "/"})) == "0:0");
}

TEST_CASE("remapped: root inside is another user outside, and so are its files",
          "[stage6][isolation][root]") {
    auto scene = remapping_scene();
    check_container(scene);
    const Json info = scene.request("GET", "/info").json();
    if (info.find("Driver")->as_string() == "copy") skip("no mapped mounts for overlays in TMPDIR");
    const Json config =
        parse_json(read_file(scene.directory(scene.create("one", {"true"})) + "/config.json"));
    const Json& layers = *config.find("spec")->find("annotations")->find("slipway.overlay.lower");
    CHECK(owner_of(words_of(layers.as_string(), "\n").back() + "/etc/os-release") == "0:0");
}

TEST_CASE("remapped: where owners cannot be mapped, containers get copies",
          "[stage6][isolation][root]") {
    // ramfs knows no mapped mounts. A namespace of the case's own holds it.
    const std::string place = temporary_directory();
    check(::mount("ramfs", place.c_str(), "ramfs", 0, "mode=0755"), "mount", place);
    {
        Process daemon{{built("slipwayd"), "--socket", place + "/s", "--root", place + "/r",
                        "--userns-remap", kRange}};
        daemon.wait_for_output("listening on");
        INFO(daemon.out());
        CHECK(daemon.out().find("--userns-remap by copies of images: map the owners of") !=
              std::string::npos);
        const auto client = [&](std::vector<std::string> words) {
            words.insert(words.begin(), {built("slipway"), "--socket", place + "/s"});
            return run(words);
        };
        const Result made = client({"run", "--name", "web", "host", "sh", "-c",
                                    "cat /proc/self/uid_map; echo x > /file; ls -n /bin/sh"});
        INFO(made);
        CHECK(made.exit_code == 0);
        CHECK(made.out.find("300000") != std::string::npos);
        CHECK(made.out.find(" 0 0 ") != std::string::npos);
        const std::string container = std::filesystem::directory_iterator {
            place + "/r/containers"
            } -> path();
        CHECK(owner_of(container + "/root/file") == "300000:400000");
        CHECK(owner_of(container + "/root/bin/sh") == "300000:400000");
        CHECK(client({"start", "-a", "web"}).exit_code == 0);  // its owners are right already
        CHECK(client({"rm", "web"}).exit_code == 0);
        CHECK(std::filesystem::is_empty(place + "/r/containers"));
    }
    check(::umount2(place.c_str(), MNT_DETACH), "unmount", place);
}

TEST_CASE("remapped: nothing of the host's own mounts is left inside",
          "[stage6][isolation][root]") {
    auto scene = remapping_scene();
    const std::string mounts = scene.probe_says({"mounts"});
    INFO(mounts);
    int roots = 0;
    for (auto at = mounts.find(" / / "); at != std::string::npos; at = mounts.find(" / / ", at + 1))
        ++roots;
    CHECK(roots == 1);
    CHECK(mounts.find(scene.root()) == std::string::npos);
}

TEST_CASE("remapped: who joins a container is mapped as its first process",
          "[stage6][isolation][root]") {
    auto scene = remapping_scene();
    const std::string id = scene.run_detached("web", {"sh", "-c", "echo ready; exec sleep 100"});
    scene.wait_for_logged("web", "ready");
    const Result joined = scene.run_client(
        {"exec", "web", "sh", "-c",
         "id -u; cat /proc/self/oom_score_adj; touch /joined; echo named > /dev/stderr"});
    INFO(joined);
    CHECK(joined.exit_code == 0);
    CHECK(joined.out == "0\n0\n");
    CHECK(joined.err == "named\n");
    CHECK(owner_of(scene.upper(id) + "/joined") == "300000:400000");
    const Result user = scene.run_client({"exec", "-u", "1000:100", "web", "id", "-u"});
    INFO(user);
    CHECK(user.out == "1000\n");
}

TEST_CASE("remapped: a small init holds nothing of the host's open", "[stage6][isolation][root]") {
    auto scene = remapping_scene();
    const std::string id = scene.create("init", {"sh", "-c", "ls -l /proc/1/fd"});
    const std::string path = scene.directory(id) + "/config.json";
    Json config = parse_json(read_file(path));
    config["spec"]["annotations"]["slipway.init"] = "true";
    write_file(path, config.text());
    scene.start("init");
    CHECK(scene.wait("init") == 0);
    const std::string list = scene.logs("init").out;
    INFO(list);
    CHECK(list.find(" 2 -> pipe:") != std::string::npos);
    for (auto at = list.find("-> /"); at != std::string::npos; at = list.find("-> /", at + 1)) {
        CHECK(list.substr(at, 13) == "-> /dev/null\n");
    }
}

TEST_CASE("remapped: a file of the host's root that is mounted in stays shut",
          "[stage6][isolation][root]") {
    auto scene = remapping_scene();
    const std::string outside = temporary_directory();
    const std::string secret = outside + "/shadow", open = outside + "/motd";
    write_file(secret, "root:$y$j9T$secret\n");
    write_file(open, "welcome\n");
    check(::chmod(secret.c_str(), 0600), "chmod", secret);
    check(::chmod(open.c_str(), 0666), "chmod", open);
    check(::chmod(outside.c_str(), 0700), "chmod",
          outside);  // the shim opens it, not the container
    const auto says = [&](const std::string& verb, const std::string& path,
                          const std::string& option, const BodyChange& change) {
        const std::string name = random_name();
        const std::string id = scene.create_with_probe(name, {verb, path}, change);
        add_bind(scene.directory(id), secret, "/etc/shadow", option);
        add_bind(scene.directory(id), open, "/etc/motd", option);
        scene.start(name);
        scene.wait(name);
        return scene.logs(name).out;
    };
    CHECK(says("may-read", "/etc/shadow", "rw", {}) == "EACCES\n");
    CHECK(says("may-read", "/etc/motd", "rw", {}) == "read\n");
    CHECK(says("may-write", "/etc/motd", "rw", {}) == "ok\n");
    CHECK(says("may-write", "/etc/motd", "ro", {}) == "EROFS\n");
    // The same with the one defence off.
    const auto unmapped = host_config("UsernsMode", "host");
    CHECK(says("may-read", "/etc/shadow", "rw", unmapped) == "read\n");
}

TEST_CASE("remapped: all else is as without it", "[stage6][isolation][root]") {
    auto scene = remapping_scene();
    const std::string status = scene.probe_says({"cat", "/proc/self/status"});
    CHECK(status_field(status, "Uid") == "0\t0\t0\t0");
    CHECK(status_field(status, "Groups").find_first_not_of(" \t") == std::string::npos);
    CHECK(status_field(status, "Seccomp") == "2");
    const auto own =
        std::stoull(status_field(read_file("/proc/self/status"), "CapBnd"), nullptr, 16);
    for (const char* set : {"CapPrm", "CapEff", "CapBnd"}) {
        CHECK(std::stoull(status_field(status, set), nullptr, 16) == (0xa80425fb & own));
    }
    CHECK(scene.probe_says({"cat", "/proc/self/oom_score_adj"}) == "0");
    CHECK(scene.probe_says({"touch", "/dev/stdout"}).empty());         // a pipe, opened by its name
    CHECK(scene.probe_says({"call", "272", "268435456"}) == "EPERM");  // unshare(CLONE_NEWUSER)
    const auto as_user = [](Json& body) {
        body["User"] = "1000:100";
        body["HostConfig"]["GroupAdd"] = Json::array({Json{"44"}});
    };
    const std::string user = scene.probe_says({"cat", "/proc/self/status"}, as_user);
    CHECK(status_field(user, "Uid") == "1000\t1000\t1000\t1000");
    CHECK(status_field(user, "Gid") == "100\t100\t100\t100");
    CHECK(status_field(user, "Groups").starts_with("44"));
    CHECK(status_field(user, "CapEff") == "0000000000000000");
    CHECK(scene.probe_says({"mknod", "/door", "1", "11"}).find("Operation not permitted") !=
          std::string::npos);
    CHECK(scene.probe_says({"touch", "/x"}, host_config("ReadonlyRootfs", true))
              .find("Read-only file system") != std::string::npos);
}

TEST_CASE("remapped: what needs the host's root is refused, or had without the map",
          "[stage6][isolation][root]") {
    auto scene = remapping_scene();
    struct Wrong {
        std::string field;
        Json value;
        std::string message;
    };
    const Wrong all[] = {
        {"Privileged", true,
         "privileged mode is incompatible with user namespaces.  You must run the container in the "
         "host namespace when running privileged mode"},
        {"NetworkMode", "host",
         "cannot share the host's network namespace when user namespaces are enabled"},
        {"PidMode", "host",
         "cannot share the host PID namespace when user namespaces are enabled"}};
    for (const Wrong& wrong : all) {
        INFO(wrong.field);
        Json body = Json::object({{"Image", "host"}, {"Cmd", Json::array({Json{"true"}})}});
        body["HostConfig"][wrong.field] = wrong.value;
        const Answer answer = scene.request("POST", "/containers/create", body.text());
        CHECK(answer.status == 400);
        CHECK(answer.message() == wrong.message);
        const auto without_map = [&](Json& change) {
            change["HostConfig"][wrong.field] = wrong.value;
            change["HostConfig"]["UsernsMode"] = "host";
        };
        const std::string map = scene.probe_says({"cat", "/proc/self/uid_map"}, without_map);
        CHECK(words_of(map, " ") == std::vector<std::string>{"0", "0", "4294967295"});
    }
}

TEST_CASE("remapped: a container outlives its daemon, and another daemon's range",
          "[stage6][isolation][root]") {
    auto scene = remapping_scene();
    const std::string id =
        scene.run_detached("web", {"sh", "-c", "echo ready; read line; echo $line > /kept"},
                           [](Json& body) { body["OpenStdin"] = true; });
    scene.wait_for_logged("web", "ready");
    scene.restart();
    CHECK(scene.status("web") == "running");
    CHECK(scene.request("POST", "/containers/web/stop?t=0").status == 204);
    // Its range is its own, written down: also for a daemon that has none.
    scene.kill_daemon();
    {
        const Process plain{
            {built("slipwayd"), "--socket", scene.socket(), "--root", scene.root(), "--quiet"}};
        wait_until(
            [&] {
                return run({built("slipway"), "--socket", scene.socket(), "ps"}).exit_code == 0;
            },
            "a daemon without a range answers");
        CHECK(run({built("slipway"), "--socket", scene.socket(), "start", "web"}).exit_code == 0);
        const std::string process = "/proc/" + std::to_string(scene.process_of(id, 2));
        CHECK(owner_of(process) == "300000:400000");
    }
    scene.start_daemon();
    CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    CHECK_FALSE(file_exists(scene.directory(id)));
}

TEST_CASE("remapped: the option is told by --help, and info says that it is on",
          "[stage6][isolation][root]") {
    const Result help = run({built("slipwayd"), "--help"});
    CHECK(help.out.find("--userns-remap UID[:GID]") != std::string::npos);
    auto scene = remapping_scene();
    const Json info = scene.request("GET", "/info").json();
    const auto& options = info.find("SecurityOptions")->as_array();
    CHECK(std::ranges::find(options, Json{"name=userns"}) != options.end());
    for (const std::string range :
         {"", "0", "1000:100000", "100000:", "4294967295", "root", "1:2:3"}) {
        const Result result = run({built("slipwayd"), "--userns-remap", range, "--root", "/none"});
        INFO(result);
        CHECK(result.exit_code == 2);
    }
}

TEST_CASE("remapped: without root there is nothing to map", "[stage6][isolation][user]") {
    const std::string place = temporary_directory();
    const Result result = run({built("slipwayd"), "--socket", place + "/s", "--root", place + "/r",
                               "--userns-remap", "100000"});
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.err.find("--userns-remap: takes root") != std::string::npos);
}
