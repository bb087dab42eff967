// Roots that somebody else has filled, with links and files in every place that the engine
// touches. The container is refused, or what it does stays inside.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage6/isolation_scene.hpp"

namespace fs = std::filesystem;

// All that lies in a directory of the host's, with what it holds.
static std::string listing(const fs::path& directory) {
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator{directory}) {
        text += entry.path().string();
        if (entry.is_regular_file()) text += " " + read_file(entry.path().string());
        text += "\n";
    }
    return text;
}

static void put_link(const fs::path& place, const fs::path& target) {
    fs::create_directories(place.parent_path());
    fs::remove_all(place);
    fs::create_symlink(target, place);
}

TEST_CASE("a link in the place of a mount leads nowhere outside", "[stage6][isolation]") {
    IsolationScene scene;
    const fs::path victim = temporary_directory();
    for (const char* name : {"hosts", "hostname", "resolv.conf", "file"}) {
        std::ofstream{victim / name} << "the host's\n";
    }
    fs::create_directory(victim / "directory");
    const std::string before = listing(victim);
    const std::string mounts_before = read_file("/proc/self/mountinfo");
    struct Trap {
        std::string place;
        fs::path target;
    };
    const Trap traps[] = {{"proc", victim},
                          {"proc", victim / "directory"},
                          {"sys", victim},
                          {"dev", victim},
                          {"dev", "../../../../../../../../.." + victim.string()},
                          {"etc", victim},
                          {"etc/hosts", victim / "hosts"},
                          {"etc/hostname", "../../../../../../.." + victim.string() + "/hostname"},
                          {"etc/resolv.conf", victim / "resolv.conf"},
                          {"etc/passwd", victim / "file"},
                          {"tmp", victim / "directory"},
                          {"data", "/proc/self/root/../../.." + victim.string()}};
    int number = 0;
    for (const Trap& trap : traps) {
        const std::string name = "trap" + std::to_string(++number);
        INFO(name << ": " << trap.place << " -> " << trap.target.string());
        const std::string id =
            scene.create_with_probe(name, {"touch", "/tmp/from-inside"}, [](Json& body) {
                body["HostConfig"]["Tmpfs"] = Json::object({{"/data", ""}, {"/tmp", ""}});
            });
        put_link(fs::path{scene.upper(id)} / trap.place, trap.target);
        if (scene.request("POST", "/containers/" + name + "/start").status < 300) scene.wait(name);
        CHECK(listing(victim) == before);
        CHECK(read_file("/proc/self/mountinfo") == mounts_before);
    }
}

TEST_CASE("a file of the root's that is no file is not read for users",
          "[stage6][isolation][root]") {
    IsolationScene scene;
    const auto run_with = [&](const std::string& name, const std::function<void(fs::path)>& spoil) {
        const std::string id = scene.create_with_probe(name, {"cat", "/proc/self/status"},
                                                       [](Json& body) { body["User"] = "7:8"; });
        const fs::path passwd = fs::path{scene.upper(id)} / "etc/passwd";
        fs::create_directories(passwd.parent_path());
        spoil(passwd);
        scene.start(name);
        scene.wait(name);
        return status_field(scene.logs(name).out, "Uid");
    };
    // A fifo would be waited for, and a directory is no text.
    CHECK(run_with("fifo", [](const fs::path& path) { ::mkfifo(path.c_str(), 0600); }) ==
          "7\t7\t7\t7");
    CHECK(run_with("directory", [](const fs::path& path) { fs::create_directory(path); }) ==
          "7\t7\t7\t7");
    CHECK(run_with("large", [](const fs::path& path) {
              std::ofstream{path} << "seven:x:7:7::/:\n";
              fs::resize_file(path, 1ull << 40);
          }) == "7\t7\t7\t7");
}

TEST_CASE("a root without the places that the engine needs gets them", "[stage6][isolation]") {
    IsolationScene scene;
    const std::string id = scene.create_with_probe("bare", {"ls", "/etc"});
    // An overlay shows a character device 0:0 as "removed"; a plain directory shows what is in it.
    if (is_root()) {
        const std::string etc = scene.upper(id) + "/etc";
        fs::create_directory(etc);
        REQUIRE(::mknod((etc + "/hosts").c_str(), S_IFCHR, 0) == 0);
    }
    scene.start("bare");
    CHECK(scene.wait("bare") == 0);
    CHECK(scene.logs("bare").out.find("hosts\n") != std::string::npos);
}
