// What a container is shut in with, row by row, as it looks from inside.
#include <algorithm>
#include <filesystem>

#include "common/file.hpp"
#include "tests/stage6/isolation_scene.hpp"

static Json words(const std::vector<std::string>& list) {
    return Json::array(list);
}

static std::string bits(unsigned long long set) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", set);
    return text;
}

TEST_CASE("a container has Docker's fourteen capabilities, and none to inherit",
          "[stage6][isolation]") {
    IsolationScene scene;
    const std::string status = scene.probe_says({"cat", "/proc/self/status"});
    const std::string own = status_field(read_file("/proc/self/status"), "CapBnd");
    const std::string fourteen = bits(0xa80425fb & std::stoull(own, nullptr, 16));
    for (const char* set : {"CapPrm", "CapEff", "CapBnd"})
        CHECK(status_field(status, set) == fourteen);
    for (const char* set : {"CapInh", "CapAmb"}) CHECK(status_field(status, set) == bits(0));
    CHECK(status_field(status, "NoNewPrivs") == "0");
    CHECK(status_field(status, "Seccomp") == "2");
    CHECK(status_field(status, "Umask") == "0022");
}

TEST_CASE("the recommended line: no capability, no new privileges, nothing to write",
          "[stage6][isolation]") {
    IsolationScene scene;
    const auto harden = [](Json& body) {
        Json& host = body["HostConfig"];
        host["CapDrop"] = words({"ALL"});
        host["SecurityOpt"] = words({"no-new-privileges"});
        host["ReadonlyRootfs"] = true;
        host["Tmpfs"] = Json::object({{"/tmp", "size=1m"}});
    };
    const std::string status = scene.probe_says({"cat", "/proc/self/status"}, harden);
    for (const char* set : {"CapPrm", "CapEff", "CapBnd"})
        CHECK(status_field(status, set) == bits(0));
    CHECK(status_field(status, "NoNewPrivs") == "1");
    CHECK(scene.probe_says({"touch", "/x"}, harden).find("Read-only file system") !=
          std::string::npos);
    CHECK(scene.probe_says({"touch", "/tmp/x"}, harden).empty());
    CHECK(scene.probe_says({"cat", "/etc/hostname"}, harden).size() == 12);
}

TEST_CASE("capabilities are added and dropped by name", "[stage6][isolation]") {
    IsolationScene scene;
    const std::string own = status_field(read_file("/proc/self/status"), "CapBnd");
    const auto sets = std::stoull(own, nullptr, 16);
    const auto effective = [&](const BodyChange& change) {
        return status_field(scene.probe_says({"cat", "/proc/self/status"}, change), "CapEff");
    };
    CHECK(effective(host_config("CapAdd", words({"CAP_NET_ADMIN"}))) ==
          bits((0xa80425fb | 1 << 12) & sets));
    CHECK(effective(host_config("CapDrop", words({"CHOWN", "kill"}))) ==
          bits(0xa80425fb & ~0x21ull & sets));
    CHECK(effective(host_config("Privileged", true)) == bits(sets));
}

TEST_CASE("the system's secrets are covered, and its settings cannot be written",
          "[stage6][isolation]") {
    IsolationScene scene;
    for (const char* path : {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/interrupts"}) {
        if (!file_exists(path)) continue;
        INFO(path);
        CHECK(scene.probe_says({"may-read", path}) == "empty");
    }
    CHECK(scene.probe_says({"ls", "/sys/firmware"}).empty());
    // Without root the container's root is not the owner of these files either.
    const std::string refusal = is_root() ? "EROFS" : "EACCES";
    CHECK(scene.probe_says({"may-write", "/proc/sys/kernel/core_pattern"}) == refusal);
    CHECK(scene.probe_says({"may-write", "/proc/sys/vm/drop_caches"}) == refusal);
    const std::string mounts = scene.probe_says({"mounts"});
    INFO(mounts);
    CHECK(mounts.find(" /proc/sys ro,nosuid,nodev,noexec") != std::string::npos);
    CHECK(mounts.find(" /sys ro,nosuid,nodev,noexec") != std::string::npos);
    CHECK(mounts.find(" /proc rw,nosuid,nodev,noexec") != std::string::npos);
}

TEST_CASE("/etc/hostname, hosts and resolv.conf are the container's own", "[stage6][isolation]") {
    IsolationScene scene;
    const auto change = [](Json& body) {
        body["Hostname"] = "harbour";
        body["HostConfig"]["ExtraHosts"] = words({"pilot:10.0.0.7", "v6:::1"});
        body["HostConfig"]["Dns"] = words({"10.0.0.1"});
        body["HostConfig"]["DnsSearch"] = words({"example.org"});
    };
    CHECK(scene.probe_says({"cat", "/etc/hostname"}, change) == "harbour");
    const std::string hosts = scene.probe_says({"cat", "/etc/hosts"}, change);
    CHECK(hosts.find("127.0.0.1\tlocalhost\n") == 0);
    CHECK(hosts.find("127.0.0.1\tharbour\n") != std::string::npos);
    CHECK(hosts.find("10.0.0.7\tpilot") != std::string::npos);
    CHECK(hosts.find("::1\tv6") != std::string::npos);
    CHECK(scene.probe_says({"cat", "/etc/resolv.conf"}, change) ==
          "nameserver 10.0.0.1\nsearch example.org");
    CHECK(scene.probe_says({"write", "/etc/hosts", "mine"}, change).empty());
}

TEST_CASE("the command runs as the user that it is told, by number or name",
          "[stage6][isolation][root]") {
    IsolationScene scene;
    const auto as = [&](const std::string& user) {
        return scene.probe_says({"cat", "/proc/self/status"},
                                [&](Json& body) { body["User"] = user; });
    };
    const std::string number = as("1000:100");
    CHECK(status_field(number, "Uid") == "1000\t1000\t1000\t1000");
    CHECK(status_field(number, "Gid") == "100\t100\t100\t100");
    CHECK(status_field(number, "CapEff") == bits(0));
    CHECK(status_field(number, "CapPrm") == bits(0));
    CHECK(status_field(number, "Seccomp") == "2");
    CHECK(status_field(as("nobody"), "Uid").find("65534") == 0);
    const std::string groups = scene.probe_says({"cat", "/proc/self/status"}, [](Json& body) {
        body["User"] = "1000";
        body["HostConfig"]["GroupAdd"] = words({"44", "55"});
    });
    CHECK(status_field(groups, "Groups").find("0 44 55") == 0);
    scene.create_with_probe("stranger", {"pid"}, [](Json& body) { body["User"] = "nosuch"; });
    const Answer answer = scene.request("POST", "/containers/stranger/start");
    CHECK(answer.message().find("unable to find user nosuch: no matching entries in passwd file") !=
          std::string::npos);
}

TEST_CASE("HOME is the user's own unless it is given", "[stage6][isolation][root]") {
    IsolationScene scene;
    const auto home = [&](const std::string& user, const std::vector<std::string>& environment) {
        const std::string all = scene.probe_says({"env"}, [&](Json& body) {
            body["User"] = user;
            body["Env"] = words(environment);
        });
        const auto at = all.find("HOME=");
        return all.substr(at, all.find('\n', at) - at);
    };
    CHECK(home("", {}) == "HOME=/root");
    CHECK(home("12345", {}) == "HOME=/");
    CHECK(home("12345", {"HOME=/mine"}) == "HOME=/mine");
}

TEST_CASE("limits of processes, settings of namespaces and shared memory are as asked",
          "[stage6][isolation]") {
    IsolationScene scene;
    const Json limit = Json::object({{"Name", "nofile"}, {"Soft", 100}, {"Hard", 200}});
    const std::string limits = scene.probe_says({"cat", "/proc/self/limits"},
                                                host_config("Ulimits", Json::array({limit})));
    const auto line = limits.substr(limits.find("Max open files"));
    CHECK(line.find("100 ") < line.find("200 "));
    CHECK(line.find("200 ") < line.find('\n'));
    CHECK(scene.probe_says({"cat", "/proc/sys/kernel/msgmax"},
                           host_config("Sysctls", Json::object({{"kernel.msgmax", "1234"}}))) ==
          "1234");
    const std::string mounts = scene.probe_says({"mounts"}, host_config("ShmSize", 8 << 20));
    const auto shm = mounts.find(" /dev/shm ");
    REQUIRE(shm != std::string::npos);
    CHECK(mounts.substr(shm, mounts.find('\n', shm) - shm).find("size=8192k") != std::string::npos);
    CHECK(scene.probe_says({"cat", "/proc/self/oom_score_adj"}, host_config("OomScoreAdj", 700)) ==
          "700");
}

TEST_CASE("a memory directory has the options that were asked for", "[stage6][isolation]") {
    IsolationScene scene;
    const auto change =
        host_config("Tmpfs", Json::object({{"/fast", "size=1m,mode=1777,exec"}, {"/deep/er", ""}}));
    const std::string mounts = scene.probe_says({"mounts"}, change);
    const auto line = [&](const std::string& place) {
        const auto at = mounts.find(" " + place + " ");
        REQUIRE(at != std::string::npos);
        return mounts.substr(at, mounts.find('\n', at) - at);
    };
    CHECK(line("/fast").find("size=1024k") != std::string::npos);
    CHECK(line("/fast").find("nosuid,nodev") != std::string::npos);
    CHECK(line("/fast").find("noexec") == std::string::npos);
    CHECK(line("/deep/er").find("nosuid,nodev,noexec") != std::string::npos);
    CHECK(scene.probe_says({"stat", "/fast"}, change).find("1777") != std::string::npos);
}

TEST_CASE("a device that is given can be opened, another cannot", "[stage6][isolation][root]") {
    IsolationScene scene;
    // kmsg: a device that every machine has, and no container.
    CHECK(scene.probe_says({"may-read", "/dev/kmsg"}) == "ENOENT");
    const Json device = Json::object({{"PathOnHost", "/dev/kmsg"},
                                      {"PathInContainer", "/dev/log/kernel"},
                                      {"CgroupPermissions", "r"}});
    const auto change = [&](Json& body) {
        body["HostConfig"]["Devices"] = Json::array({device});
        body["HostConfig"]["CapAdd"] = words({"SYSLOG"});  // what the device itself asks for
    };
    CHECK(scene.probe_says({"may-read", "/dev/log/kernel"}, change) != "EPERM");
    CHECK(scene.probe_says({"may-write", "/dev/log/kernel"}, change) == "EPERM");
    const Json missing = Json::object({{"PathOnHost", "/dev/no-such"}});
    Json body = Json::object({{"Image", "host"}, {"Cmd", words({"true"})}});
    body["HostConfig"]["Devices"] = Json::array({missing});
    const Answer answer = scene.request("POST", "/containers/create", body.text());
    CHECK(answer.status == 400);
    CHECK(answer.message().find("error gathering device information while adding custom device "
                                "\"/dev/no-such\"") != std::string::npos);
}

TEST_CASE("what is shared with the host is shared, all else is not", "[stage6][isolation][root]") {
    IsolationScene scene;
    const auto same = [&](const std::string& kind, const std::string& field) {
        const std::string own = std::filesystem::read_symlink("/proc/self/ns/" + kind);
        CHECK(scene.probe_says({"ns", kind}) != own);
        CHECK(scene.probe_says({"ns", kind}, host_config(field, "host")) == own);
    };
    same("uts", "UTSMode");
    same("ipc", "IpcMode");
    same("net", "NetworkMode");
    same("cgroup", "CgroupnsMode");
    CHECK(scene.probe_says({"pid"}) == "1");
    CHECK(scene.probe_says({"pid"}, host_config("PidMode", "host")) != "1");
}

TEST_CASE("a privileged container sees the devices and may write the system's settings",
          "[stage6][isolation][root]") {
    IsolationScene scene;
    const auto privileged = host_config("Privileged", true);
    const std::string status = scene.probe_says({"cat", "/proc/self/status"}, privileged);
    CHECK(status_field(status, "Seccomp") == "0");
    CHECK(scene.probe_says({"may-read", "/dev/kmsg"}, privileged) != "ENOENT");
    CHECK(scene.probe_says({"may-write", "/proc/sys/kernel/core_pattern"}, privileged) == "ok");
    CHECK(scene.probe_says({"mounts"}, privileged).find(" /sys rw,") != std::string::npos);
}

TEST_CASE("what cannot be had is refused when the container is made", "[stage6][isolation]") {
    IsolationScene scene;
    struct Wrong {
        std::string field;
        Json value;
        std::string message;
    };
    const Wrong all[] = {
        {"CapAdd", words({"FOO"}), "invalid CapAdd: unknown capability: \"CAP_FOO\""},
        {"CapDrop", words({"CAP_BAR"}), "invalid CapDrop: unknown capability: \"CAP_BAR\""},
        {"SecurityOpt", words({"hello"}), "invalid --security-opt 1: \"hello\""},
        {"SecurityOpt", words({"what=ever"}), "invalid --security-opt 2: \"what=ever\""},
        {"SecurityOpt", words({"seccomp={"}), "Decoding seccomp profile failed"},
        {"Sysctls", Json::object({{"kernel.hostname", "x"}}), "not in a separate kernel namespace"},
        {"Sysctls", Json::object({{"net/../kernel/x", "x"}}), "not in a separate kernel namespace"},
        {"Ulimits", Json::array({Json::object({{"Name", "nofish"}})}),
         "invalid ulimit type: nofish"},
        {"OomScoreAdj", 1001, "[-1000, 1000]"},
        {"ShmSize", -1, "SHM size can not be less than 0"},
        {"Tmpfs", Json::object({{"tmp", ""}}), "mount path must be absolute"},
        {"PidMode", "container:web", "PidMode container:web: not built in"},
        {"ExtraHosts", words({"nothing"}), "bad format for add-host: \"nothing\""}};
    for (const Wrong& wrong : all) {
        INFO(wrong.field << " " << wrong.value.text());
        Json body = Json::object({{"Image", "host"}, {"Cmd", words({"true"})}});
        body["HostConfig"][wrong.field] = wrong.value;
        const Answer answer = scene.request("POST", "/containers/create", body.text());
        INFO(answer);
        CHECK(answer.status == 400);
        CHECK(answer.message().find(wrong.message) != std::string::npos);
    }
}

TEST_CASE("a plain process cannot be given what only isolation has", "[stage6][isolation]") {
    IsolationScene scene;
    Json body = Json::object({{"Image", "host"}, {"Cmd", words({"true"})}});
    body["HostConfig"]["Isolation"] = "none";
    body["HostConfig"]["CapDrop"] = words({"ALL"});
    const Answer answer = scene.request("POST", "/containers/create", body.text());
    CHECK(answer.status == 400);
    CHECK(answer.message().find("CapDrop: needs isolation") != std::string::npos);
}

TEST_CASE("slipway has the options under Docker's names", "[stage6][isolation]") {
    IsolationScene scene;
    const Result result = scene.run_client(
        {"run",
         "--rm",
         "--cap-drop",
         "ALL",
         "--cap-add",
         "chown",
         "--read-only",
         "--tmpfs",
         "/tmp",
         "--security-opt",
         "no-new-privileges",
         "--ulimit",
         "nofile=64",
         "--shm-size",
         "1m",
         "--add-host",
         "pilot:10.0.0.7",
         "--oom-score-adj",
         "500",
         "--sysctl",
         "kernel.msgmax=99",
         "host",
         "sh",
         "-c",
         "grep CapEff /proc/self/status; ulimit -n; cat /proc/sys/kernel/msgmax; grep pilot "
         "/etc/hosts"});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out == "CapEff:\t0000000000000001\n64\n99\n10.0.0.7\tpilot\n");
}
