// What is mounted in a root, and the two ways into it.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

// Stages 4 and 5 mount the same things.
static std::vector<StageContainer> containers() {
    std::vector<StageContainer> all;
    for (const int stage : stages_with_roots()) all.emplace_back(stage);
    return all;
}

static const Words kWays[] = {{}, {"--chroot"}};

TEST_CASE("a container has these devices and no others", "[stage4]") {
    for (const auto& container : containers()) {
        for (const auto& way : kWays) {
            const Result result = run(container.probing({"devices"}, way));
            INFO(result);
            CHECK(result.out ==
                  "fd link /proc/self/fd\n"
                  "full char 1:7\n"
                  "mqueue directory\n"
                  "null char 1:3\n"
                  "ptmx link pts/ptmx\n"
                  "pts directory\n"
                  "random char 1:8\n"
                  "shm directory\n"
                  "stderr link /proc/self/fd/2\n"
                  "stdin link /proc/self/fd/0\n"
                  "stdout link /proc/self/fd/1\n"
                  "tty char 5:0\n"
                  "urandom char 1:9\n"
                  "zero char 1:5\n");
        }
    }
}

TEST_CASE("anybody may use the devices, whatever the caller's umask", "[stage4]") {
    for (const auto& container : containers()) {
        const mode_t before = ::umask(0077);
        const Result null = run(container.probing({"stat", "/dev/null"}));
        const Result write = run(container.probing({"write", "/dev/null", "x"}));
        const Result directory = run(container.probing({"stat", "/tmp"}));
        ::umask(before);
        INFO(null);
        CHECK(null.out.starts_with("char 0666 "));
        CHECK(write.exit_code == 0);
        CHECK(directory.out.starts_with("directory 1777 "));
    }
}

TEST_CASE("a container has terminals of its own", "[stage4]") {
    for (const auto& container : containers()) {
        CHECK(run(container.probing({"ls", "/dev/pts"})).out == "ptmx\n");
        CHECK(run(container.probing({"stat", "/dev/pts/ptmx"})).out.starts_with("char 0666 "));
    }
}

TEST_CASE("/tmp and /dev/shm can be written to and are empty, /sys cannot", "[stage4]") {
    for (const auto& container : containers()) {
        for (const std::string directory : {"/tmp", "/dev/shm"}) {
            CHECK(run(container.probing({"ls", directory})).out.empty());
            CHECK(run(container.probing({"touch", directory + "/file"})).exit_code == 0);
        }
        const Result result = run(container.probing({"touch", "/sys/file"}));
        INFO(result);
        CHECK(result.exit_code == 1);
        CHECK(result.err.find("Read-only file system") != std::string::npos);
        CHECK(run(container.probing({"ls", "/sys/class/net"})).out == "lo\n");
    }
}

TEST_CASE("the root directory is the caller's, with nothing of the host around it", "[stage4]") {
    for (const auto& container : containers()) {
        for (const auto& way : kWays) {
            CHECK(run(container.probing({"ls", "/"}, way)).out == "dev\nprobe\nproc\nsys\ntmp\n");
            CHECK(run(container.probing({"ls", "/.."}, way)).out == "dev\nprobe\nproc\nsys\ntmp\n");
            CHECK(run(container.probing({"cwd"}, way)).out == "/\n");
            CHECK(run(container.probing({"pid"}, way)).out == "1\n");
            CHECK(run(container.probing({"exit", "7"}, way)).exit_code == 7);
        }
        REQUIRE(run(container.probing({"touch", "/file"})).exit_code == 0);
        CHECK(file_exists(container.outside("file")));
        CHECK(names_in(container.outside("tmp")).empty());
        CHECK(names_in(container.outside("proc")).empty());
        CHECK(names_in(container.outside("dev")).empty());
    }
}

TEST_CASE("pivot_root leaves nothing of the host to go back to, chroot does", "[stage4][root]") {
    for (const auto& container : containers()) {
        for (const auto& way : kWays) {
            Process runner{container.probing({"sleep"}, way)};
            runner.wait_for_output("ready");
            const pid_t first = first_process_of(runner.pid());
            // Whoever enters a mount namespace finds himself in the root of all its mounts.
            const Result result =
                run({"nsenter", "--mount=/proc/" + std::to_string(first) + "/ns/mnt", "/probe",
                     "ls", "/"});
            INFO(result);
            CHECK((result.exit_code == 0) == way.empty());
            runner.signal(SIGTERM);
            CHECK(runner.wait() == 143);
        }
    }
}

TEST_CASE("-v shows a directory of the host inside, writable unless :ro", "[stage4]") {
    for (const auto& container : containers()) {
        const std::string source = temporary_directory();
        write_file(source + "/file", "hello\n");
        const auto with = [&](const std::string& mode, const Words& verb) {
            return run(container.probing(verb, {"-v", source + ":/a/new/place" + mode}));
        };
        CHECK(with("", {"cat", "/a/new/place/file"}).out == "hello\n");
        CHECK(with("", {"touch", "/a/new/place/mine"}).exit_code == 0);
        CHECK(with(":rw", {"touch", "/a/new/place/too"}).exit_code == 0);
        const Result refused = with(":ro", {"touch", "/a/new/place/not"});
        INFO(refused);
        CHECK(refused.exit_code == 1);
        CHECK(refused.err.find("Read-only file system") != std::string::npos);
        CHECK(with(":ro", {"cat", "/a/new/place/file"}).out == "hello\n");
        CHECK(names_in(source) == Words{"file", "mine", "too"});
        CHECK(names_in(container.outside("a/new/place")).empty());
    }
}

TEST_CASE("-v takes a file, and several times", "[stage4]") {
    for (const auto& container : containers()) {
        const std::string source = temporary_directory();
        write_file(source + "/one", "1\n");
        write_file(source + "/two", "2\n");
        const Words options{"-v", source + "/one:/etc/one",
                            "--volume=" + source + "/two:/etc/two:ro"};
        CHECK(run(container.probing({"cat", "/etc/one"}, options)).out == "1\n");
        CHECK(run(container.probing({"cat", "/etc/two"}, options)).out == "2\n");
        CHECK(run(container.probing({"write", "/etc/one", "new"}, options)).exit_code == 0);
        CHECK(run(container.probing({"write", "/etc/two", "new"}, options)).exit_code == 1);
        CHECK(read_file(source + "/one") == "new\n");
        CHECK(read_file(source + "/two") == "2\n");
    }
}

TEST_CASE("-v SRC:DST:ro holds for what is mounted below SRC too", "[stage4][root]") {
    for (const auto& container : containers()) {
        const std::string source = temporary_directory();
        check(::mkdir((source + "/below").c_str(), 0755), "mkdir");
        check(::mount("none", (source + "/below").c_str(), "tmpfs", 0, nullptr), "mount");
        const auto touch = [&](const std::string& mode) {
            return run(
                container.probing({"touch", "/data/below/file"}, {"-v", source + ":/data" + mode}));
        };
        CHECK(touch("").exit_code == 0);
        CHECK(touch(":ro").err.find("Read-only file system") != std::string::npos);
        check(::umount((source + "/below").c_str()), "umount");
    }
}

TEST_CASE("-v refuses what is not there or makes no sense", "[stage4]") {
    for (const auto& container : containers()) {
        const std::string source = temporary_directory();
        write_file(source + "/file", "");
        check(::mkdir(container.outside("directory").c_str(), 0755), "mkdir");
        const std::pair<std::string, std::string> cases[] = {
            {"/no/such:/x", "/no/such: No such file"},
            {source, "no destination"},
            {source + ":", "absolute path inside"},
            {source + ":x", "absolute path inside"},
            {source + ":/", "absolute path inside"},
            {":/x", "no source"},
            {source + ":/x:rx", "ro or rw"},
            {source + ":/x:ro:rw", "ro or rw"},
            {source + ":/probe", "/probe"},              // a directory on a file
            {source + "/file:/directory", "/directory"}  // a file on a directory
        };
        for (const auto& [bind, why] : cases) {
            const Result result = run(container.probing({"pid"}, {"-v", bind}));
            INFO(result);
            CHECK(result.exit_code == 125);
            CHECK(fault_of_message(result.err, container.name(), {why}) == "");
        }
    }
}

TEST_CASE("-w chooses the directory", "[stage4]") {
    for (const auto& container : containers()) {
        CHECK(run(container.probing({"cwd"}, {"-w", "/dev/shm"})).out == "/dev/shm\n");
        CHECK(run(container.probing({"cwd"}, {"--workdir=/dev/../tmp"})).out == "/tmp\n");
        for (const std::string bad : {"/no/such/directory", "/probe", "/proc/self/fd/9"}) {
            const Result result = run(container.probing({"cwd"}, {"-w", bad}));
            INFO(result);
            CHECK(result.exit_code == 125);
            CHECK(fault_of_message(result.err, container.name(), {"chdir " + bad}) == "");
        }
    }
}

TEST_CASE("the environment is ours and what -e adds, nothing of the caller's", "[stage4]") {
    for (const auto& container : containers()) {
        const Words options{"-e", "A=1",     "-e", "B=",          "--env=A=2",  "-e",  "CALLER",
                            "-e", "HOME=/x", "-e", "UNSET_THERE", "--hostname", "here"};
        const Result result = run(container.probing({"env"}, options),
                                  {.environment = {"CALLER=yes", "SECRET=1", "TERM=vt100"}});
        INFO(result);
        CHECK(result.out ==
              "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
              "HOSTNAME=here\nTERM=vt100\nB=\nA=2\nCALLER=yes\nHOME=/x\n");
        for (const std::string bad : {"", "=1"}) {
            const Result refused = run(container.probing({"env"}, {"-e", bad}));
            CHECK(refused.exit_code == 125);
            CHECK(fault_of_message(refused.err, container.name(), {"-e " + bad, "name"}) == "");
        }
    }
}

TEST_CASE("a command is looked for along the PATH inside", "[stage4]") {
    for (const auto& container : containers()) {
        CHECK(run(container.command({"probe", "pid"}, {"-e", "PATH=/nowhere:/"})).out == "1\n");
        CHECK(run(container.command({"probe", "pid"})).exit_code == 127);
    }
}

TEST_CASE("--read-only holds for the root, not for /tmp", "[stage4]") {
    for (const auto& container : containers()) {
        for (const auto& way : kWays) {
            Words options{"--read-only"};
            options.insert(options.end(), way.begin(), way.end());
            const Result refused = run(container.probing({"touch", "/file"}, options));
            INFO(refused);
            CHECK(refused.err.find("Read-only file system") != std::string::npos);
            CHECK(run(container.probing({"touch", "/tmp/file"}, options)).exit_code == 0);
            CHECK(run(container.probing({"touch", "/dev/shm/file"}, options)).exit_code == 0);
        }
        CHECK_FALSE(file_exists(container.outside("file")));
        CHECK(run(container.probing({"touch", "/file"})).exit_code == 0);  // and only for that run
    }
}

TEST_CASE("device files in somebody's root open nothing", "[stage4][root]") {
    for (const auto& container : containers()) {
        REQUIRE(run({probe(), "mknod", container.outside("zero"), "1", "5"}).exit_code == 0);
        const Result result = run(container.probing({"cat", "/zero"}));
        INFO(result);
        CHECK(result.err.find("Permission denied") != std::string::npos);
    }
}

TEST_CASE("a root that is none is refused with its path and the reason", "[stage4]") {
    const std::string place = temporary_directory();
    write_file(place + "/file", "");
    for (const int stage : stages_with_roots()) {
        for (const auto& [root, why] :
             {std::pair{place + "/none", "No such file"}, {place + "/file", "Not a directory"}}) {
            Words command{program(stage), "run", "--quiet"};
            if (stage == 4) command.push_back("--rootfs");
            command.insert(command.end(), {root, "true"});
            const Result result = run(command);
            INFO(result);
            CHECK(result.exit_code == 125);
            CHECK(fault_of_message(result.err, program_name(stage), {root, why}) == "");
        }
    }
}

TEST_CASE("a relative root and one with a slash at its end will do", "[stage4]") {
    const StageContainer container{4};
    const std::string place = container.outside("");
    const auto run_at = [&](const std::string& root, const std::string& directory) {
        return run({program(4), "run", "--quiet", "--rootfs", root, "/probe", "pid"},
                   {.directory = directory});
    };
    CHECK(run_at(".", place).out == "1\n");
    CHECK(run_at("../" + place.substr(place.rfind('/', place.size() - 2) + 1), place).out == "1\n");
    CHECK(run_at(place + "/", "").out == "1\n");
}

TEST_CASE("a root of its own needs a mount namespace", "[stage4]") {
    for (const auto& container : containers()) {
        for (const Words& options : {Words{"--share", "mnt"}, Words{"--only", "pid"}}) {
            const Result result = run(container.probing({"pid"}, options));
            INFO(result);
            CHECK(result.exit_code == 125);
            CHECK(fault_of_message(result.err, container.name(), {"mnt"}) == "");
        }
    }
}

TEST_CASE("a root works with few namespaces of its own", "[stage4]") {
    for (const auto& container : containers()) {
        for (const std::string kinds : {"mnt", "mnt,pid", "mnt,net"}) {
            const Result result = run(container.probing({"ls", "/dev/pts"}, {"--only", kinds}));
            INFO(result);
            CHECK(result.out == "ptmx\n");
        }
    }
}
