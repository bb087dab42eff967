// The exercises 6.1 to 6.3, for the programs of a reader's (make exercise EX=6.1 DAEMON=...).
#include <sys/syscall.h>

#include <filesystem>

#include "common/file.hpp"
#include "tests/stage6/isolation_scene.hpp"

static Json words(const std::vector<std::string>& list) {
    return Json::array(list);
}

static unsigned long long set_in(const std::string& status, const char* name) {
    return std::stoull(status_field(status, name), nullptr, 16);
}

// Docker's fourteen, less what this machine lacks itself.
static unsigned long long fourteen() {
    return 0xa80425fb & set_in(read_file("/proc/self/status"), "CapBnd");
}

TEST_CASE("exercise 6.1: the sets are Docker's fourteen, and there is none to inherit",
          "[.][ex-6.1]") {
    hint("five sets: bounding by prctl(PR_CAPBSET_DROP), ambient by prctl, the others by capset");
    IsolationScene scene;
    const std::string status = scene.probe_says({"cat", "/proc/self/status"});
    for (const char* set : {"CapPrm", "CapEff", "CapBnd"}) CHECK(set_in(status, set) == fourteen());
    for (const char* set : {"CapInh", "CapAmb"}) CHECK(set_in(status, set) == 0);
}

TEST_CASE("exercise 6.1: what is dropped stays away, what is added is there", "[.][ex-6.1]") {
    IsolationScene scene;
    const auto sets = [&](const BodyChange& change) {
        return scene.probe_says({"cat", "/proc/self/status"}, change);
    };
    const std::string none = sets(host_config("CapDrop", words({"ALL"})));
    for (const char* set : {"CapPrm", "CapEff", "CapBnd"}) CHECK(set_in(none, set) == 0);
    const auto without_chown = fourteen() & ~1ull;
    CHECK(set_in(sets(host_config("CapDrop", words({"CHOWN"}))), "CapBnd") == without_chown);
}

TEST_CASE("exercise 6.1: a set-user-id program gets no more than the container has",
          "[.][ex-6.1][root]") {
    hint("who is not root has none; and the bounding set is what a file can still give");
    IsolationScene scene;
    const auto says = [&](const std::string& file, const std::vector<std::string>& dropped) {
        const std::string name = random_name();
        const std::string id =
            scene.create(name, {file, "cat", "/proc/self/status"}, [&](Json& body) {
                body["User"] = "1000:1000";
                body["HostConfig"]["CapDrop"] = words(dropped);
            });
        for (const char* copy : {"/plain", "/up"}) {
            std::filesystem::copy_file(probe(), scene.upper(id) + copy);
        }
        std::filesystem::permissions(scene.upper(id) + "/up", std::filesystem::perms{04755});
        scene.start(name);
        scene.wait(name);
        return scene.logs(name).out;
    };
    CHECK(set_in(says("/plain", {}), "CapEff") == 0);
    CHECK(set_in(says("/up", {}), "CapEff") == fourteen());
    CHECK(set_in(says("/up", {"ALL"}), "CapEff") == 0);
}

TEST_CASE("exercise 6.2: a masked file is empty, a masked directory too", "[.][ex-6.2]") {
    hint("over a file goes /dev/null, over a directory an empty file system that is read-only");
    IsolationScene scene;
    const auto masks = host_config("MaskedPaths", words({"/etc/os-release", "/usr", "/proc/keys"}));
    CHECK(scene.probe_says({"may-read", "/etc/os-release"}, masks) == "empty");
    CHECK(scene.probe_says({"ls", "/usr"}, masks).empty());
    CHECK(scene.probe_says({"touch", "/usr/x"}, masks).find("Read-only file system") !=
          std::string::npos);
    CHECK(scene.probe_says({"may-read", "/etc/os-release"}) == "read");
}

TEST_CASE("exercise 6.2: a path that is not there needs no cover", "[.][ex-6.2]") {
    hint("ENOENT, and ENOTDIR on the way");
    IsolationScene scene;
    const auto masks = host_config("MaskedPaths", words({"/no/such", "/etc/os-release/x", "/usr"}));
    CHECK(scene.probe_says({"ls", "/usr"}, masks).empty());
}

TEST_CASE("exercise 6.2: a link is not followed to what it names", "[.][ex-6.2]") {
    hint("open_in_root, with Links::refused: whoever made the root also made the link");
    IsolationScene scene;
    const std::string id = scene.create_with_probe("linked", {"may-read", "/etc/os-release"},
                                                   host_config("MaskedPaths", words({"/secret"})));
    std::filesystem::create_symlink("/etc/os-release", scene.upper(id) + "/secret");
    CHECK(scene.request("POST", "/containers/linked/start").status >= 400);
}

// --- 6.3 ----------------------------------------------------------------------------------------

static constexpr const char* kOption = "no-writable-code";

static std::string call_under(const IsolationScene& scene, const std::vector<std::string>& options,
                              long number, const std::vector<std::string>& arguments) {
    std::vector<std::string> call{"call", std::to_string(number)};
    call.insert(call.end(), arguments.begin(), arguments.end());
    return scene.probe_says(call, host_config("SecurityOpt", words(options)));
}

TEST_CASE("exercise 6.3: memory that can be written never becomes code", "[.][ex-6.3]") {
    hint("mmap's third argument holds PROT_WRITE (2) and PROT_EXEC (4): a masked comparison");
    IsolationScene scene;
    const auto map = [&](const std::string& protection, const std::vector<std::string>& options) {
        return call_under(scene, options, SYS_mmap,
                          {"0", "4096", protection, "34", "-1", "0"});  // private and anonymous
    };
    CHECK(map("7", {}) == "ok");
    CHECK(map("7", {kOption}) == "EPERM");
    CHECK(map("6", {kOption}) == "EPERM");
    CHECK(map("3", {kOption}) == "ok");
    CHECK(map("5", {kOption}) == "ok");
    CHECK(map("4294967303", {kOption}) == "EPERM");  // 7, and a bit that the kernel overlooks
    for (const long number : {SYS_mprotect, SYS_pkey_mprotect}) {
        const std::vector<std::string> to_code{"0", "4096", "5", "-1"},
            to_data{"0", "4096", "1", "-1"};
        CHECK(call_under(scene, {kOption}, number, to_code) == "EPERM");
        CHECK(call_under(scene, {kOption}, number, to_data) != "EPERM");
        CHECK(call_under(scene, {}, number, to_code) != "EPERM");
    }
}

TEST_CASE("exercise 6.3: the option stands beside the others, and harms nobody", "[.][ex-6.3]") {
    hint("filters add up: the strictest answer of all that are installed counts");
    IsolationScene scene;
    const std::vector<std::string> map{"0", "4096", "7", "34", "-1", "0"};
    CHECK(call_under(scene, {kOption, "seccomp=unconfined"}, SYS_mmap, map) == "EPERM");
    CHECK(call_under(scene, {kOption, "seccomp=unconfined"}, SYS_unshare, {"0"}) == "ok");
    CHECK(call_under(scene, {kOption}, SYS_unshare, {"0"}) == "EPERM");
    const Result result = scene.run_client({"run", "--rm", "--security-opt", kOption, "host", "sh",
                                            "-c", "ls / > /dev/null; echo works"});
    INFO(result);
    CHECK(result.out == "works\n");
}
