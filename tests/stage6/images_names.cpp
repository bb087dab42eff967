// Images and what they are called: tag, list, rmi, prune, and what survives the daemon.
#include "common/file.hpp"
#include "tests/stage6/images_scene.hpp"

static std::string import_file(const EngineScene& scene, const std::string& content,
                               const std::string& query) {
    const Answer answer = import(scene, tar_entry({"file", '0', content}) + tar_end(), query);
    INFO(answer);
    REQUIRE(answer.status == 200);
    return answer.json().find("status")->as_string();
}

static std::string names(const EngineScene& scene, const std::string& name) {
    return scene.request("GET", "/images/" + name + "/json").json().find("RepoTags")->text();
}

TEST_CASE("names come, move and go", "[stage6][images]") {
    EngineScene scene;
    const std::string first = import_file(scene, "1", "&repo=a");
    const std::string second = import_file(scene, "2", "&repo=docker.io/library/b&tag=v1");
    CHECK(names(scene, "a") == R"(["a:latest"])");
    CHECK(names(scene, "b:v1") == R"(["b:v1"])");
    CHECK(scene.request("POST", "/images/a/tag?repo=docker.io/library/c&tag=2").status == 201);
    CHECK(scene.request("POST", "/images/a/tag?repo=host.example:5000/x/y").status == 201);
    CHECK(names(scene, first.substr(7, 12)) ==
          R"(["a:latest","c:2","host.example:5000/x/y:latest"])");
    CHECK(scene.request("POST", "/images/b:v1/tag?repo=a").status == 201);
    CHECK(names(scene, second) == R"(["a:latest","b:v1"])");
    CHECK(scene.request("POST", "/images/nope/tag?repo=a").message() ==
          "No such image: nope:latest");
    CHECK(scene.request("POST", "/images/a/tag?repo=A").status == 400);
    const Answer missing = scene.request("GET", "/images/nope/json");
    CHECK(missing.status == 404);
    CHECK(missing.message() == "No such image: nope:latest");
    const Json history = scene.request("GET", "/images/host.example:5000/x/y/history").json();
    CHECK(history.as_array().at(0).find("Comment")->as_string() == "Imported from -");
    CHECK(scene.request("DELETE", "/images/c:2").body == "[{\"Untagged\":\"c:2\"}]\n");
    scene.restart();
    CHECK(names(scene, first) == R"(["host.example:5000/x/y:latest"])");
    CHECK(names(scene, "a") == R"(["a:latest","b:v1"])");
}

TEST_CASE("the list of images passes its filters", "[stage6][images]") {
    EngineScene scene;
    import_file(scene, "1", "&repo=a/one&tag=v1&changes=LABEL+kind=x");
    import_file(scene, "2", "&repo=two&tag=v2");
    import_file(scene, "3", "");
    const auto list = [&](const std::string& filters) {
        const Answer answer = scene.request("GET", "/images/json?filters=" + filters);
        INFO(answer);
        REQUIRE(answer.status == 200);
        std::string found;
        const Json images = answer.json();
        for (const Json& image : images.as_array()) {
            found += image.find("RepoTags")->text();
        }
        return found;
    };
    CHECK(list("") == R"([]["two:v2"]["a/one:v1"])");
    CHECK(list(R"({"reference":["two"]})") == R"(["two:v2"])");
    CHECK(list(R"({"reference":["*/one:v*"]})") == R"(["a/one:v1"])");
    CHECK(list(R"({"reference":["nope"]})").empty());
    CHECK(list(R"({"dangling":["true"]})") == "[]");
    CHECK(list(R"({"dangling":["false"]})") == R"(["two:v2"]["a/one:v1"])");
    CHECK(list(R"({"label":["kind=x"]})") == R"(["a/one:v1"])");
    CHECK(list(R"({"before":["two:v2"]})") == R"(["a/one:v1"])");
    CHECK(list(R"({"since":["two:v2"]})") == "[]");
    CHECK(scene.request("GET", R"(/images/json?filters={"nope":["x"]})").status == 400);
}

TEST_CASE("an image that is used goes only by force, and its files with the last container",
          "[stage6][images]") {
    EngineScene scene;
    REQUIRE(import(scene, probe_archive(), "&repo=tool").status == 200);
    const std::string image =
        scene.request("GET", "/images/tool/json").json().find("Id")->as_string();
    const std::string root = root_of_image(scene, "tool");
    const std::string id = scene.run_detached("web", {"/probe", "sleep", "60"},
                                              [](Json& body) { body["Image"] = "tool"; });
    const std::string who = id.substr(0, 12), what = image.substr(7, 12);
    const Answer by_name = scene.request("DELETE", "/images/tool");
    CHECK(by_name.status == 409);
    CHECK(by_name.message() ==
          "conflict: unable to remove repository reference \"tool\" (must force) - container " +
              who + " is using its referenced image " + what);
    const Answer by_id = scene.request("DELETE", "/images/" + what + "?force=1");
    CHECK(by_id.status == 409);
    CHECK(by_id.message() == "conflict: unable to delete " + what +
                                 " (cannot be forced) - image is being used by running container " +
                                 who);
    CHECK(scene.request("POST", "/containers/web/kill").status == 204);
    CHECK(scene.request("DELETE", "/images/" + what).message() ==
          "conflict: unable to delete " + what +
              " (must be forced) - image is being used by stopped container " + who);
    const Answer forced = scene.request("DELETE", "/images/tool?force=1");
    INFO(forced);
    CHECK(forced.status == 200);
    CHECK(forced.body == R"([{"Untagged":"tool:latest"},{"Deleted":")" + image + "\"}]\n");
    CHECK(scene.request("GET", "/images/json").body == "[]\n");
    CHECK(file_exists(root));
    scene.restart();
    CHECK(file_exists(root));
    scene.start("web");
    CHECK(scene.status("web") == "running");
    CHECK(scene.request("DELETE", "/containers/web?force=1").status == 204);
    wait_until([&] { return !file_exists(root); }, "the layer has gone");
}

TEST_CASE("an image of several names is removed by its id only by force", "[stage6][images]") {
    EngineScene scene;
    const std::string id = import_file(scene, "1", "&repo=a");
    const std::string what = id.substr(7, 12);
    CHECK(scene.request("POST", "/images/a/tag?repo=b").status == 201);
    CHECK(scene.request("DELETE", "/images/" + what).message() ==
          "conflict: unable to delete " + what +
              " (must be forced) - image is referenced in multiple repositories");
    CHECK(scene.request("DELETE", "/images/" + what + "?force=1").status == 200);
    CHECK(scene.request("DELETE", "/images/a").status == 404);
}

TEST_CASE("prune takes the nameless, and with all those that nobody uses", "[stage6][images]") {
    EngineScene scene;
    import_file(scene, "12345", "");
    import_file(scene, "1", "&repo=a");
    const Json nameless = scene.request("POST", "/images/prune").json();
    CHECK(nameless.find("ImagesDeleted")->as_array().size() == 1);
    CHECK(nameless.find("SpaceReclaimed")->as_integer() == 5);
    CHECK(names(scene, "a") == R"(["a:latest"])");
    CHECK(scene.request("POST", R"(/images/prune?filters={"dangling":["false"]})").status == 200);
    CHECK(scene.request("GET", "/images/json").body == "[]\n");
    CHECK(scene.request("POST", "/images/prune").json().find("ImagesDeleted")->is_null());
}

TEST_CASE("host is made when it is first asked for, with a size and an id of its content",
          "[stage6][images]") {
    EngineScene scene;
    CHECK(scene.request("GET", "/images/json").body == "[]\n");
    scene.create("web", {"true"});
    const Json image = scene.request("GET", "/images/host/json").json();
    CHECK(image.find("Size")->as_integer() > 1'000'000);
    CHECK(image.find("Os")->as_string() == "linux");
    const std::string id = image.find("Id")->as_string();
    CHECK(scene.inspect("web").find("Image")->as_string() == id);
    scene.restart();
    scene.create("other", {"true"});
    CHECK(scene.inspect("other").find("Image")->as_string() == id);
    const Answer missing =
        scene.request("POST", "/containers/create", R"({"Image":"nope:1","Cmd":["true"]})");
    CHECK(missing.status == 404);
    CHECK(missing.message() == "No such image: nope:1");
}

TEST_CASE("a damaged image is left out and the others stay", "[stage6][images]") {
    EngineScene scene;
    const std::string good = import_file(scene, "1", "&repo=good");
    const std::string bad = import_file(scene, "2", "&repo=bad");
    scene.kill_daemon();
    write_file(scene.root() + "/images/configs/" + bad.substr(7) + ".json", "{}");
    write_file(scene.root() + "/images/unfinished/torn", "x");
    scene.start_daemon();
    CHECK(names(scene, "good") == R"(["good:latest"])");
    CHECK(scene.request("GET", "/images/bad/json").status == 404);
}

TEST_CASE("docker's commands handle images", "[stage6][images]") {
    need_docker();
    EngineScene scene;
    const std::string place = temporary_directory();
    write_file(place + "/probe.tar", probe_archive());
    const Result imported = scene.run_docker({"import", "--change", "ENTRYPOINT [\"/probe\"]", "-m",
                                              "mine", place + "/probe.tar", "tool:v1"});
    INFO(imported);
    REQUIRE(imported.exit_code == 0);
    CHECK(imported.out.starts_with("sha256:"));
    const Result listed =
        scene.run_docker({"images", "--format", "{{.Repository}} {{.Tag}} {{.ID}}"});
    INFO(listed);
    CHECK(listed.out == "tool v1 " + imported.out.substr(7, 12) + "\n");
    CHECK(scene.run_docker({"tag", "tool:v1", "other"}).exit_code == 0);
    const Result ran = scene.run_docker({"run", "--rm", "other", "pid"});
    INFO(ran);
    CHECK(ran.out == "1\n");
    const Result history = scene.run_docker({"history", "--format", "{{.Comment}}", "other"});
    CHECK(history.out == "mine\n");
    const Result removed = scene.run_docker({"rmi", "other", "tool:v1"});
    INFO(removed);
    const std::string layer =
        "sha256:" + run({"sha256sum", place + "/probe.tar"}).out.substr(0, 64);
    CHECK(removed.out == "Untagged: other:latest\nUntagged: tool:v1\nDeleted: " + imported.out +
                             "Deleted: " + layer + "\n");
}

TEST_CASE("docker's commands say what there is not", "[stage6][images]") {
    need_docker();
    EngineScene scene;
    const Result missing = scene.run_docker({"rmi", "nope"});
    INFO(missing);
    CHECK(missing.exit_code == 1);
    CHECK(missing.err.find("No such image: nope") != std::string::npos);
    const Result pulled = scene.run_docker({"run", "nope", "true"});
    INFO(pulled);
    CHECK(pulled.exit_code == 125);
    CHECK(pulled.err.find("images come by import") != std::string::npos);
    const Result inspected = scene.run_docker({"inspect", "nope"});
    CHECK(inspected.exit_code == 1);
    CHECK(inspected.err.find("No such object: nope") != std::string::npos);
    const Result networks =
        scene.run_docker({"network", "ls", "--format", "{{.Name}} {{.Driver}}"});
    CHECK(networks.out == "host host\nnone null\n");
    const std::vector<std::vector<std::string>> commands = {{"pull", "x"},
                                                            {"push", "host"},
                                                            {"volume", "create", "v"},
                                                            {"network", "create", "n"},
                                                            {"commit", "w"},
                                                            {"export", "w"},
                                                            {"diff", "w"},
                                                            {"save", "host"}};
    for (const auto& refused : commands) {
        const Result result = scene.run_docker(refused);
        INFO(result);
        CHECK(result.exit_code == 1);
        CHECK(result.err.find("not built in") != std::string::npos);
    }
}
