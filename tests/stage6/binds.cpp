// -v and --mount: what a container sees of the host, and what is refused in which words.
#include <sys/stat.h>

#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

static std::function<void(Json&)> with_binds(const std::vector<std::string>& binds) {
    return [binds](Json& body) { body["HostConfig"]["Binds"] = Json::array(binds); };
}

static std::string answer_to(const EngineScene& scene, const std::string& host_config) {
    const Answer answer =
        scene.request("POST", "/containers/create",
                      R"({"Image":"host","Cmd":["true"],"HostConfig":)" + host_config + "}");
    INFO(answer);
    CHECK(answer.status == 400);
    return answer.message();
}

TEST_CASE("a bind is the host's directory or file, read-only where that was asked for",
          "[stage6][binds]") {
    EngineScene scene;
    const std::string place = temporary_directory();
    write_file(place + "/file", "from the host\n");
    scene.run_detached(
        "web",
        {"sh", "-c", "cat /in/file /one; echo new > /in/made; echo no > /fixed/no || echo refused"},
        with_binds({place + ":/in", place + ":/fixed:ro", place + "/file:/one:ro"}));
    CHECK(scene.wait("web") == 0);
    CHECK(scene.logs("web").out == "from the host\nfrom the host\nrefused\n");
    CHECK(read_file(place + "/made") == "new\n");
    const Json mounts = *scene.inspect("web").find("Mounts");
    const Json& first = mounts.as_array().at(0);
    CHECK(first.find("Type")->as_string() == "bind");
    CHECK(first.find("Source")->as_string() == place);
    CHECK(first.find("Destination")->as_string() == "/in");
    CHECK(first.find("RW")->as_bool());
    CHECK(first.find("Propagation")->as_string() == "rprivate");
    CHECK(mounts.as_array().at(1).find("Mode")->as_string() == "ro");
    CHECK_FALSE(mounts.as_array().at(1).find("RW")->as_bool());
    const Json listed = scene.request("GET", "/containers/json?all=1").json();
    CHECK(listed.as_array().at(0).find("Mounts")->as_array().size() == 3);
}

TEST_CASE("the missing source of -v becomes a directory, at the start", "[stage6][binds]") {
    EngineScene scene;
    const std::string missing = temporary_directory() + "/a/b";
    scene.create("web", {"touch", "/in/file"}, with_binds({missing + ":/in"}));
    CHECK_FALSE(file_exists(missing));
    scene.start("web");
    CHECK(scene.wait("web") == 0);
    CHECK(file_exists(missing + "/file"));
    CHECK(answer_to(scene,
                    R"({"Mounts":[{"Type":"bind","Source":"/nonexistent2","Target":"/x"}]})") ==
          "invalid mount config for type \"bind\": bind source path does not exist: /nonexistent2");
}

TEST_CASE("what lies deeper is mounted later, whatever the order", "[stage6][binds]") {
    EngineScene scene;
    const std::string place = temporary_directory();
    write_file(place + "/file", "deep\n");
    scene.run_detached("web", {"cat", "/a/b/file"}, [&](Json& body) {
        body["HostConfig"]["Mounts"] =
            Json::array({Json::object({{"Type", "bind"}, {"Source", place}, {"Target", "/a/b"}}),
                         Json::object({{"Type", "tmpfs"},
                                       {"Target", "/a"},
                                       {"TmpfsOptions",
                                        Json::object({{"SizeBytes", 1 << 20}, {"Mode", 0700}})}})});
    });
    CHECK(scene.wait("web") == 0);
    CHECK(scene.logs("web").out == "deep\n");
    scene.run_detached(
        "tmpfs", {"sh", "-c", "stat -c %a /t; stat -f -c '%T %b' /t"}, [](Json& body) {
            body["HostConfig"]["Mounts"] = Json::array({Json::object(
                {{"Type", "tmpfs"},
                 {"Target", "/t"},
                 {"TmpfsOptions", Json::object({{"SizeBytes", 1 << 20}, {"Mode", 0750}})}})});
        });
    scene.wait("tmpfs");
    CHECK(scene.logs("tmpfs").out == "750\ntmpfs 256\n");
}

TEST_CASE("a bind that cannot be is refused in docker's words", "[stage6][binds]") {
    EngineScene scene;
    struct Attempt {
        std::string host_config, says;
    };
    const Attempt attempts[] = {
        {R"({"Binds":["rel/path:/y"]})",
         "create rel/path: \"rel/path\" includes invalid characters for a local volume name, only "
         "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use "
         "absolute path"},
        {R"({"Binds":["vol:/y"]})",
         "volume vol: volumes are not built in: mount a directory, -v /HOST:/PATH"},
        {R"({"Binds":["/a:/b:nope"]})", "invalid mode: nope"},
        {R"({"Binds":["/a:/b:ro,rw"]})", "invalid mode: ro,rw"},
        {R"({"Binds":["/a:/b:c:d"]})", "invalid volume specification: '/a:/b:c:d'"},
        {R"({"Binds":["/a:ro"]})", "invalid volume specification: '/a:ro'"},
        {R"({"Binds":["/a:b"]})",
         "invalid volume specification: '/a:b': invalid mount config for type \"bind\": invalid "
         "mount path: 'b' mount path must be absolute"},
        {R"({"Binds":["/a:/"]})",
         "invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid "
         "specification: destination can't be '/'"},
        {R"({"Binds":["/a:/x","/b:/x/"]})", "Duplicate mount point: /x"},
        {R"({"Binds":["/a:/x"],"Tmpfs":{"/x/":""}})", "Duplicate mount point: /x"},
        {R"({"Binds":["/a:/x:rshared,slave"]})", "invalid mode: rshared,slave"},
        {R"({"Mounts":[{"Type":"volume","Target":"/x"}]})",
         "anonymous volumes are not built in: mount a directory, -v /HOST:/PATH"},
        {R"({"Mounts":[{"Type":"tmpfs","Source":"/a","Target":"/x"}]})",
         "invalid mount config for type \"tmpfs\": field Source must not be specified"},
        {R"({"Mounts":[{"Type":"bind","Source":"rel","Target":"/x"}]})",
         "invalid mount config for type \"bind\": invalid mount path: 'rel' mount path must be "
         "absolute"},
        {R"({"Mounts":[{"Type":"npipe","Target":"/x"}]})",
         "invalid mount config for type \"npipe\": mount type unknown"},
    };
    for (const Attempt& attempt : attempts) {
        CHECK(answer_to(scene, attempt.host_config) == attempt.says);
    }
    const Answer anonymous = scene.request(
        "POST", "/containers/create", R"({"Image":"host","Cmd":["true"],"Volumes":{"/x":{}}})");
    CHECK(anonymous.status == 400);
}

TEST_CASE("docker run -v and -w", "[stage6][binds]") {
    need_docker();
    EngineScene scene;
    const std::string place = temporary_directory();
    const Result result =
        scene.run_docker({"run", "--rm", "-v", place + ":/in:rw,z", "--mount",
                          "type=tmpfs,destination=/t,tmpfs-size=1m", "-w", "/made/here", "host",
                          "sh", "-c", "pwd; echo x > /in/f; stat -f -c %T /t"});
    INFO(result);
    CHECK(result.out == "/made/here\ntmpfs\n");
    CHECK(read_file(place + "/f") == "x\n");
    const Result relative = scene.run_docker({"run", "--rm", "-w", "here", "host", "true"});
    CHECK(relative.exit_code == 125);
    CHECK(relative.err.find("the working directory 'here' is invalid, it needs to be an absolute "
                            "path") != std::string::npos);
    const Result entry = scene.run_docker(
        {"run", "--rm", "--entrypoint", "echo", "-e", "A=1", "host", "from", "entrypoint"});
    CHECK(entry.out == "from entrypoint\n");
}

TEST_CASE("a place that is a bind and a volume without a name, too, is the bind",
          "[stage6][binds]") {
    EngineScene scene;
    const std::string place = temporary_directory();
    write_file(place + "/file", "here\n");
    scene.run_detached("web", {"cat", "/in/file"}, [&](Json& body) {
        body["Volumes"]["/in/"] = Json::object();
        body["HostConfig"]["Binds"] = Json::array({place + ":/in:ro"});
    });
    CHECK(scene.wait("web") == 0);
    CHECK(scene.logs("web").out == "here\n");
    const Answer other = scene.request("POST", "/containers/create",
                                       R"({"Image":"host","Cmd":["x"],"Volumes":{"/other":{}}})");
    CHECK(other.status == 400);
}
