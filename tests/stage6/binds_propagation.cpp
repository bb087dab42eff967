// Binds that pass on what is mounted below them, and those that do not.
#include <sched.h>
#include <sys/mount.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

// A mount that passes on what is mounted below it, to whoever has a copy of it.
class SharedPlace {
public:
    explicit SharedPlace(unsigned long propagation = MS_SHARED) : path_{temporary_directory()} {
        check(::mount(path_.c_str(), path_.c_str(), nullptr, MS_BIND, nullptr), "bind", path_);
        check(::mount(nullptr, path_.c_str(), nullptr, propagation, nullptr), "share", path_);
        make_directories(path_ + "/sub");
    }
    SharedPlace(const SharedPlace&) = delete;
    SharedPlace& operator=(const SharedPlace&) = delete;
    ~SharedPlace() {
        ::umount2((path_ + "/sub").c_str(), MNT_DETACH);
        ::umount2(path_.c_str(), MNT_DETACH);
    }

    void mount_below() const {
        const std::string place = path_ + "/sub";
        check(::mount("tmpfs", place.c_str(), "tmpfs", 0, nullptr), "mount", place);
        write_file(place + "/new", "mounted later\n");
    }
    bool has_mount_below() const { return file_exists(path_ + "/sub/new"); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

static std::string run_with(const EngineScene& scene, const std::string& name,
                            const std::string& bind) {
    return scene.run_detached(name, {"sleep", "1000"}, [&](Json& body) {
        body["HostConfig"]["Binds"] = Json::array({bind});
        body["HostConfig"]["Privileged"] = true;
    });
}

static Result in_container(const EngineScene& scene, const std::string& name,
                           const std::string& command) {
    return run(scene.client({"exec", "--privileged", name, "sh", "-c", command}));
}

TEST_CASE("a slave bind shows what the host mounts below it later, and any other does not",
          "[stage6][binds][root]") {
    EngineScene scene;
    const SharedPlace place;
    run_with(scene, "slave", place.path() + ":/in:rslave");
    run_with(scene, "shared", place.path() + ":/in:shared");
    run_with(scene, "alone", place.path() + ":/in");
    place.mount_below();
    CHECK(in_container(scene, "slave", "cat /in/sub/new").out == "mounted later\n");
    CHECK(in_container(scene, "shared", "cat /in/sub/new").out == "mounted later\n");
    CHECK(in_container(scene, "alone", "cat /in/sub/new").exit_code == 1);
    const Json mounts = *scene.inspect("slave").find("Mounts");
    CHECK(mounts.as_array().at(0).find("Propagation")->as_string() == "rslave");
}

TEST_CASE("only a shared bind shows the host what a container mounts below it",
          "[stage6][binds][root]") {
    EngineScene scene;
    const SharedPlace place;
    const std::string mount_there = "mount -t tmpfs none /in/sub && echo x > /in/sub/new";
    for (const std::string mode : {"", ":rslave", ":ro", ":rprivate"}) {
        const std::string name = "web" + std::to_string(mode.size());
        run_with(scene, name, place.path() + ":/in" + mode);
        in_container(scene, name, mount_there);
        CHECK_FALSE(place.has_mount_below());
    }
    run_with(scene, "shared", place.path() + ":/in:rshared");
    const Result made = in_container(scene, "shared", mount_there);
    INFO(made);
    CHECK(made.exit_code == 0);
    CHECK(place.has_mount_below());
}

TEST_CASE("a bind of what is not shared cannot be shared, and the start says so",
          "[stage6][binds][root]") {
    EngineScene scene;
    const SharedPlace place{MS_PRIVATE};
    for (const auto& [mode, what] :
         {std::pair{"shared", "shared"}, {"rslave", "shared or slave"}}) {
        const std::string id = scene.create(mode, {"true"}, [&, word = mode](Json& body) {
            body["HostConfig"]["Binds"] = Json::array({place.path() + ":/in:" + word});
        });
        const Answer answer = scene.request("POST", "/containers/" + id + "/start");
        CHECK(answer.status == 500);
        CHECK(answer.message() == "path " + place.path() + " is mounted on " + place.path() +
                                      " but it is not a " + what + " mount");
    }
    const Answer unknown = scene.request(
        "POST", "/containers/create",
        R"({"Image":"host","Cmd":["x"],"HostConfig":{"Mounts":[{"Type":"bind","Source":"/tmp",)"
        R"("Target":"/x","BindOptions":{"Propagation":"upwards"}}]}})");
    CHECK(unknown.status == 400);
}
