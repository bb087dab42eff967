// The root made from the host's own programs.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "common/file.hpp"
#include "stage4-chroot/rootfs.hpp"
#include "tests/stage4/roots.hpp"

const Words kArticlePrograms = {"bash", "sh", "ls",   "ps",    "hostname", "cat",
                                "ip",   "dd", "echo", "mount", "umount"};

bool host_has(const std::string& name) {
    for (const std::string directory :
         {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
        if (::access((directory + "/" + name).c_str(), X_OK) == 0) return true;
    }
    return false;
}

std::string host_root(const Words& programs) {
    if (!is_root()) need_user_namespaces();
    const std::string root = temporary_directory() + "/root";
    if (has_images()) {
        build_rootfs(root, programs, host_programs());
        return root;
    }
    Words command{program(4), "rootfs", root};
    command.insert(command.end(), programs.begin(), programs.end());
    const Result result = run(command);
    INFO(result);
    REQUIRE(result.exit_code == 0);
    REQUIRE(result.err.empty());
    return root;
}

TEST_CASE("every program of the articles starts in the host root", "[stage4]") {
    const std::string root = host_root();
    for (const auto& name : kArticlePrograms) {
        if (!host_has(name)) continue;  // `rootfs` says so, see below
        const Result result = run(in_root(root, {name, "--version"}));
        INFO(result);
        // Whatever it thinks of the option: not "no such file", and the loader found everything.
        CHECK((result.exit_code < 125 || result.exit_code > 127));
        CHECK(result.err.find("shared libraries") == std::string::npos);
    }
}

TEST_CASE("every other program of the host root starts too", "[stage4]") {
    const std::string root = host_root();
    std::string names;
    for (const auto name : host_programs()) {
        if (host_has(std::string{name})) names += " " + std::string{name};
    }
    // By its path: some are also commands of the shell's own.
    const std::string script = "for name in" + names +
                               "; do path=$(type -P $name) || echo no $name; "
                               "\"$path\" --version </dev/null >/tmp/out 2>&1; code=$?; "
                               "[ $code = 126 ] || [ $code = 127 ] && echo $name $code; "
                               "grep 'shared libraries' /tmp/out; done; echo done";
    const Result result = run(in_root(root, {"bash", "-c", script}));
    INFO(result);
    CHECK(result.out == "done\n");
}

TEST_CASE("what the articles type in the host root works", "[stage4]") {
    const std::string root = host_root();
    const auto output = [&](const std::string& script) {
        const Result result = run(in_root(root, {"bash", "-c", script}));
        INFO(result);
        CHECK(result.exit_code == 0);
        CHECK(result.err.empty());
        return result.out;
    };
    CHECK(output("echo $$") == "1\n");
    CHECK(output("hostname") == "container\n");
    CHECK(output("cat /etc/os-release").find("ID=slipway\n") != std::string::npos);
    CHECK(output("dd if=/dev/zero of=/tmp/x bs=1024 count=3 status=none; ls /tmp") == "x\n");
    CHECK(output("mount | head -1").find(" on / ") != std::string::npos);
    CHECK(output("ls -la / >/dev/null; sh -c 'echo hi'") == "hi\n");
    if (host_has("ps")) CHECK(output("ps -e -o pid=,comm=").find("1 ps") != std::string::npos);
    if (host_has("ip")) CHECK(output("ip -o link").starts_with("1: lo: <LOOPBACK,UP"));
    CHECK(output("mkdir /tmp/m && mount -t tmpfs none /tmp/m && umount /tmp/m && ls -A /tmp/m") ==
          "");
}

TEST_CASE("rootfs names what this host does not have", "[stage4]") {
    const std::string root = temporary_directory();
    const Result result = run({program(4), "rootfs", root});
    INFO(result);
    for (const auto& name : kArticlePrograms) {
        const bool said = result.out.find("  without " + name + ":") != std::string::npos;
        CHECK(said == !host_has(name));
    }
}

TEST_CASE("rootfs adds the programs that are asked for, scripts with their interpreter",
          "[stage4]") {
    if (!is_root()) need_user_namespaces();
    const std::string place = temporary_directory();
    const std::string script = place + "/my script";
    make_file(script, "#!/usr/bin/env -S bash -e\necho from a script\n", 0755);
    const std::string root = place + "/root";
    const Result result = run({program(4), "rootfs", root, "uniq", script});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    CHECK(run(in_root(root, {"uniq", "--version"})).exit_code == 0);
    CHECK(run(in_root(root, {"bash", "-c", "printf 'a\\na\\n' | uniq"})).out == "a\n");
    // At the place where it is outside.
    CHECK(file_exists(root + script));
}

TEST_CASE("a program that has many names is copied once, and has them all in the root",
          "[stage4]") {
    if (!is_root()) need_user_namespaces();
    const std::string place = temporary_directory();
    const std::string box = place + "/box", names = place + "/names";
    for (const auto& directory : {box, names}) check(::mkdir(directory.c_str(), 0755), "mkdir");
    std::filesystem::copy_file(probe(), box + "/many");
    std::filesystem::create_symlink("../box/many", names + "/first");
    std::filesystem::create_symlink("many", box + "/second");
    std::filesystem::create_directory_symlink("names", place + "/more");
    const std::string root = place + "/root";
    const Result result = run({program(4), "rootfs", root, box + "/second", place + "/more/first",
                               place + "/more/../box/many"});
    INFO(result);
    REQUIRE(result.exit_code == 0);
    // (Inside, an empty /tmp lies over these. That names run is shown by sh, one of dash's.)
    CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(root + box + "/many")));
    CHECK(std::filesystem::read_symlink(root + box + "/second") == "many");
    CHECK(std::filesystem::read_symlink(root + names + "/first") == box + "/many");
}

TEST_CASE("rootfs refuses a program that is nowhere, and what is no program", "[stage4]") {
    const std::string place = temporary_directory();
    const std::string name = random_name();
    check(::mkfifo((place + "/fifo").c_str(), 0755), "mkfifo");
    const std::string loop = place + "/loop";
    make_file(loop, "#!" + loop + "\n", 0755);
    make_file(place + "/relative", "#!sh\n", 0755);
    const std::pair<std::string, std::string> cases[] = {
        {name, "no such program"},       {place + "/" + name, "no such program"},
        {place, "not a regular file"},   {place + "/fifo", "not a regular file"},
        {loop, "too many interpreters"},
    };
    for (const auto& [what, why] : cases) {
        const Result result = run({program(4), "rootfs", place + "/root", what});
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_message(result.err, program_name(4), {what, why}) == "");
    }
    CHECK(run({program(4), "rootfs", place + "/root", place + "/relative"}).exit_code == 0);
}

TEST_CASE("a root that is there already keeps what it has", "[stage4]") {
    const std::string root = temporary_directory();
    const auto fill = [&] { return run({program(4), "rootfs", root, "true"}).exit_code; };
    REQUIRE(fill() == 0);
    write_file(root + "/etc/os-release", "ID=mine\n");
    write_file(root + "/bin/true", "mine\n");
    REQUIRE(fill() == 0);
    CHECK(read_file(root + "/etc/os-release") == "ID=mine\n");
    CHECK(read_file(root + "/bin/true") == "mine\n");
}

TEST_CASE("no file of the host root is set-user-ID, and nobody else may write to it", "[stage4]") {
    const std::string root = host_root();
    for (const auto& name : names_in(root + "/usr/bin")) {
        const std::string path = root + "/usr/bin/" + name;
        struct stat status {};
        check(::lstat(path.c_str(), &status), "lstat", path);
        if (S_ISLNK(status.st_mode)) continue;  // its mode means nothing (symlink(7))
        INFO(path);
        CHECK((status.st_mode & 07022) == 0);
    }
}

TEST_CASE("the root's loader knows the directories that the host's does", "[stage4]") {
    const std::string root = host_root();
    if (!file_exists("/etc/ld.so.cache")) return;  // musl needs none
    CHECK(read_file(root + "/etc/ld.so.cache") == read_file("/etc/ld.so.cache"));
}
