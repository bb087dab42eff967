// Roots that somebody else has filled, with links and files in every place that the engine
// touches. The container is refused, or what it does stays inside.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage6/isolation_scene.hpp"
#include "tests/support/leak_check.hpp"

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

// The mounts that were not there before. (Of those that were, one goes when somebody else removes
// its directory: mount_namespaces(7).)
static std::string new_mounts(const std::set<std::string>& before) {
    std::string text;
    for (const std::string& mount : mounts_now()) {
        if (!before.contains(mount)) text += mount + "\n";
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
    const std::set<std::string> mounts_before = mounts_now();
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
        CHECK(new_mounts(mounts_before).empty());
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

TEST_CASE("an image's own devices, and what lies about them, are covered",
          "[stage6][isolation][root]") {
    IsolationScene scene;
    const fs::path victim = temporary_directory();
    std::ofstream{victim / "file"} << "the host's\n";
    const std::string before = listing(victim);
    const std::string id = scene.create_with_probe("liar", {"stat", "/dev/null"});
    const fs::path dev = fs::path{scene.upper(id)} / "dev";
    for (const char* name : {"null", "zero", "tty", "pts", "ptmx", "shm", "mqueue", "fd"}) {
        put_link(dev / name, victim / "file");
    }
    scene.start("liar");
    CHECK(scene.wait("liar") == 0);
    CHECK(scene.logs("liar").out.find("1:3") != std::string::npos);
    CHECK(listing(victim) == before);
}

TEST_CASE("nothing is mounted over what the kernel tells", "[stage6][isolation]") {
    // A file system in the place of /proc would take what the engine writes there.
    IsolationScene scene;
    for (const char* place : {"/proc", "/proc/self/attr", "/proc/sys", "/link/self"}) {
        INFO(place);
        const std::string name = random_name();
        const std::string id = scene.create_with_probe(name, {"pid"}, [&](Json& body) {
            body["HostConfig"]["Tmpfs"] = Json::object({{place, ""}});
        });
        put_link(fs::path{scene.upper(id)} / "link", "/proc");
        const Answer answer = scene.request("POST", "/containers/" + name + "/start");
        CHECK(answer.status >= 400);
        CHECK(answer.message().find("must not be faked") != std::string::npos);
    }
    const std::string id = scene.create_with_probe("file", {"pid"});
    std::ofstream{fs::path{scene.upper(id)} / "proc"} << "no directory\n";
    CHECK(scene.request("POST", "/containers/file/start").status >= 400);
}

TEST_CASE("libraries of the container's are not the engine's", "[stage6][isolation][root]") {
    IsolationScene scene;
    const std::string id =
        scene.create_with_probe("named", {"uid"}, [](Json& body) { body["User"] = "nobody"; });
    const fs::path root = scene.upper(id);
    for (const char* place : {"lib", "lib64", "usr/lib/x86_64-linux-gnu"}) {
        fs::create_directories(root / place);
        for (const char* library : {"libnss_files.so.2", "libc.so.6"}) {
            std::ofstream{root / place / library} << "no library\n";
        }
    }
    fs::create_directories(root / "etc");
    std::ofstream{root / "etc/nsswitch.conf"} << "passwd: evil\n";
    std::ofstream{root / "etc/ld.so.preload"} << "/lib/libnss_files.so.2\n";
    scene.start("named");
    CHECK(scene.wait("named") == 0);
    CHECK(scene.logs("named").out == "65534 65534\n");
}

// --- a path that is another at each look --------------------------------------------------------

// A directory that containers share, in which `door` is now a directory and now a link to the
// victim, as fast as somebody can exchange them.
struct Swapping {
    fs::path shared = temporary_directory(), victim = temporary_directory();
    std::unique_ptr<Process> swapper;

    Swapping() {
        fs::create_directory(shared / "door");
        fs::create_directory_symlink(victim, shared / "link");
        swapper = std::make_unique<Process>(std::vector<std::string>{
            probe(), "exchange", (shared / "door").string(), (shared / "link").string()});
        swapper->wait_for_output("ready");
    }
};

// Looks whether it is a directory, then goes in: false when that led to the victim.
static bool look_then_make(const Swapping& swapping, int number) {
    const std::string door = swapping.shared / "door";
    struct stat status {};
    if (::lstat(door.c_str(), &status) == -1 || !S_ISDIR(status.st_mode)) return true;
    ::mkdir((door + "/" + std::to_string(number)).c_str(), 0755);
    return fs::is_empty(swapping.victim);
}

TEST_CASE("a path that is exchanged while a container starts leads nowhere outside",
          "[stage6][isolation][root]") {
    IsolationScene scene;
    const std::set<std::string> mounts = mounts_now();
    const Swapping swapping;
    for (int number = 0; number < 40; ++number) {
        const std::string name = "racer" + std::to_string(number);
        const std::string id = scene.create_with_probe(name, {"pid"});
        const std::string path = scene.directory(id) + "/config.json";
        Json config = parse_json(read_file(path));
        Json& list = config["spec"]["mounts"];
        const auto add = [&](const std::string& type, const std::string& source,
                             const std::string& place) {
            list.push_back(Json::object({{"destination", place},
                                         {"type", type},
                                         {"source", source},
                                         {"options", Json::array()}}));
        };
        add("bind", swapping.shared, "/data");
        add("tmpfs", "tmpfs", "/data/door/" + std::to_string(number));
        add("bind", probe(), "/data/door/file" + std::to_string(number));
        write_file(path, config.text());
        if (scene.request("POST", "/containers/" + name + "/start").status < 300) scene.wait(name);
        CHECK(fs::is_empty(swapping.victim));
        CHECK(new_mounts(mounts).empty());
    }
    // Who looks first and then goes in by name is caught soon.
    bool caught = false;
    for (int number = 1000; !caught && number < 1'000'000; ++number) {
        caught = !look_then_make(swapping, number);
    }
    CHECK(caught);
}
