// Images by import: what an archive may hold, and what a hostile one does not get.
#include <sys/stat.h>

#include "common/file.hpp"
#include "tests/stage6/images_scene.hpp"

static std::string id_of(const Answer& answer) {
    INFO(answer);
    REQUIRE(answer.status == 200);
    return answer.json().find("status")->as_string();
}

TEST_CASE("an imported image runs with the defaults of its changes", "[stage6][images]") {
    EngineScene scene;
    const std::string id =
        id_of(import(scene, probe_archive(),
                     "&repo=tool:v1&message=mine&changes=ENTRYPOINT+%5B%22/probe%22%5D"
                     "&changes=CMD+%5B%22args%22,%22a+b%22%5D&changes=ENV+COLOR=blue+X=1"
                     "&changes=WORKDIR+/work&changes=WORKDIR+here&changes=LABEL+who=me"
                     "&changes=STOPSIGNAL+SIGINT&changes=EXPOSE+80+53/udp&changes=USER+0"));
    CHECK(id.size() == 71);
    const Json image = scene.request("GET", "/images/tool:v1/json").json();
    const Json& config = *image.find("Config");
    CHECK(image.find("Id")->as_string() == id);
    CHECK(image.find("Comment")->as_string() == "mine");
    CHECK(config.find("Entrypoint")->text() == R"(["/probe"])");
    CHECK(config.find("Env")->text() == R"(["COLOR=blue","X=1"])");
    CHECK(config.find("WorkingDir")->as_string() == "/work/here");
    CHECK(config.find("Labels")->text() == R"({"who":"me"})");
    CHECK(config.find("StopSignal")->as_string() == "SIGINT");
    CHECK(config.find("ExposedPorts")->text() == R"({"80/tcp":{},"53/udp":{}})");
    const auto as_image = [](Json& body) {
        body["Image"] = "tool:v1";
        body["Cmd"] = nullptr;
        body["Env"] = Json::array({"X=2", "COLOR"});
    };
    scene.run_detached("web", {}, as_image);
    CHECK(scene.wait("web") == 0);
    const Json seen = scene.inspect("web");
    CHECK(seen.find("Path")->as_string() == "/probe");
    CHECK(seen.find("Args")->text() == R"(["args","a b"])");
    CHECK(seen.find("Image")->as_string() == id);
    CHECK(seen.find("Config")->find("WorkingDir")->as_string() == "/work/here");
    CHECK(seen.find("Config")->find("Labels")->text() == R"({"who":"me"})");
    CHECK(seen.find("Config")->find("Env")->text() == R"(["X=2","COLOR"])");
}

TEST_CASE("an entrypoint of the request drops the image's command", "[stage6][images]") {
    EngineScene scene;
    id_of(import(scene, probe_archive(),
                 "&repo=tool&changes=ENTRYPOINT+%5B%22/nope%22%5D&changes=CMD+%5B%22no%22%5D"));
    scene.create("first", {}, [](Json& body) {
        body["Image"] = "tool";
        body["Entrypoint"] = Json::array({"/probe"});
    });
    CHECK(scene.inspect("first").find("Args")->text() == "[]");
    const Answer none =
        scene.request("POST", "/containers/create", R"({"Image":"tool","Entrypoint":[""]})");
    CHECK(none.status == 400);
    CHECK(none.message() == "No command specified");
    scene.create("second", {"/probe"}, [](Json& body) {
        body["Image"] = "tool";
        body["Entrypoint"] = Json::array({""});
    });
    CHECK(scene.inspect("second").find("Path")->as_string() == "/probe");
}

TEST_CASE("what an archive holds becomes files as it says", "[stage6][images]") {
    EngineScene scene;
    const std::string deep = "deep/" + std::string(120, 'd') + "/" + std::string(120, 'f');
    const std::string records = pax_record("path", deep) + pax_record("mtime", "1234567890.5");
    const std::string tar =
        tar_entry({"dir/", '5', "", "", 0750}) + tar_entry({"dir/file", '0', "text\n", "", 0640}) +
        tar_entry({"dir/hard", '1', "", "dir/file"}) +
        tar_entry({"dir/soft", '2', "", "/dir/file"}) + tar_entry({"pipe", '6'}) +
        tar_entry({"x", 'x', records}) + tar_entry({"short", '0', "long"}) +
        tar_entry({"././@LongLink", 'L', std::string(200, 'n') + '\0'}) +
        tar_entry({"cut", '0', "gnu"}) + tar_entry({"dir/file2", '7', ""}) +
        tar_entry({"/absolute", '0', "in the root"}) + tar_entry({"a/../b", '0', "up and down"}) +
        tar_entry({"old-dir/", '0'}) + tar_entry({"again", '0', "1"}) +
        tar_entry({"again", '0', "2"}) + tar_entry({".wh.gone", '0', ""}) + tar_end();
    id_of(import(scene, tar, "&repo=files"));
    const std::string root = root_of_image(scene, "files");
    CHECK(read_file(root + "/dir/file") == "text\n");
    CHECK(read_file(root + "/" + deep) == "long");
    CHECK(read_file(root + "/" + std::string(200, 'n')) == "gnu");
    CHECK(read_file(root + "/absolute") == "in the root");
    CHECK(read_file(root + "/b") == "up and down");
    CHECK(read_file(root + "/again") == "2");
    CHECK_FALSE(file_exists(root + "/.wh.gone"));
    struct stat file {
    }, hard{}, other{};
    REQUIRE(::stat((root + "/dir/file").c_str(), &file) == 0);
    REQUIRE(::stat((root + "/dir/hard").c_str(), &hard) == 0);
    CHECK(file.st_ino == hard.st_ino);
    CHECK((file.st_mode & 07777) == 0640);
    CHECK(file.st_mtime == 1'000'000'000);
    REQUIRE(::stat((root + "/" + deep).c_str(), &other) == 0);
    CHECK(other.st_mtim.tv_sec == 1234567890);
    CHECK(other.st_mtim.tv_nsec == 500'000'000);
    REQUIRE(::lstat((root + "/pipe").c_str(), &other) == 0);
    CHECK(S_ISFIFO(other.st_mode));
    REQUIRE(::stat((root + "/old-dir").c_str(), &other) == 0);
    CHECK(S_ISDIR(other.st_mode));
    REQUIRE(::stat((root + "/dir").c_str(), &other) == 0);
    CHECK((other.st_mode & 07777) == 0750);
}

TEST_CASE("a hostile archive is refused or stays inside, and leaves nothing", "[stage6][images]") {
    EngineScene scene;
    const std::string outside = temporary_directory();
    write_file(outside + "/secret", "secret");
    struct Attempt {
        std::string tar, says;
    };
    const Attempt refused[] = {
        {tar_entry({"../escaped", '0', "x"}), "leads out of the root"},
        {tar_entry({"a/../../escaped", '0', "x"}), "leads out of the root"},
        {tar_entry({"hard", '1', "", outside + "/secret"}), "No such file or directory"},
        {tar_entry({"up", '2', "", "../../../../../.."}) +
             tar_entry({"hard", '1', "", "up" + outside + "/secret"}),
         "No such file or directory"},
        {tar_entry({"sparse", 'S', ""}), "sparse files are not read"},
        {tar_entry({"x", 'x', pax_record("GNU.sparse.major", "1")}) + tar_entry({"s"}),
         "sparse files are not read"},
        {tar_entry({"huge", '0', "x", "", 0644, 1ull << 32}), "unexpected EOF"},
        {tar_entry({"x", 'x', "9999 path=x\n"}) + tar_entry({"s"}), "a bad extension"},
        {tar_entry({"x", 'L', "x", "", 0644, 1ull << 32}), "an extension is too long"},
        {tar_entry({"x", 'x', pax_record("size", "99999999999999999999")}) + tar_entry({"s"}),
         "not a number"},
        {std::string(512, 'x'), "invalid tar header"},
        {tar_entry({"volume", 'V'}), "unhandled tar header type"},
    };
    for (const Attempt& attempt : refused) {
        const Answer answer = import(scene, attempt.tar + tar_end(), "&repo=bad");
        INFO(attempt.says << ": " << answer);
        CHECK(answer.status == 500);
        CHECK(answer.message().find(attempt.says) != std::string::npos);
    }
    // Followed as if the root were /: both stay below it.
    const std::string inside = tar_entry({"up", '2', "", "../../../../../../../.." + outside}) +
                               tar_entry({"up/planted", '0', "x"}) +
                               tar_entry({"absolute", '2', "", outside}) +
                               tar_entry({"absolute/planted", '0', "x"}) + tar_end();
    CHECK(import(scene, inside, "&repo=links").status == 500);  // they lead nowhere in this root
    CHECK_FALSE(file_exists(outside + "/planted"));
    CHECK(read_file(outside + "/secret") == "secret");
    CHECK(scene.request("GET", "/images/json").body == "[]\n");
    const std::string unfinished = scene.root() + "/images/unfinished";
    wait_until([&] { return run({"ls", unfinished}).out.empty(); }, "nothing is left of them");
    CHECK(run({"ls", scene.root() + "/images/layers"}).out.empty());
    scene.restart();
    CHECK(scene.request("GET", "/images/json").body == "[]\n");
}

TEST_CASE("a compressed archive needs the program of its format", "[stage6][images]") {
    EngineScene scene;
    const std::string place = temporary_directory();
    write_file(place + "/a.tar", tar_entry({"file", '0', "text"}) + tar_end());
    std::string digest;
    for (const std::string program : {"cat", "gzip", "xz", "zstd"}) {
        if (run({"sh", "-c", "command -v " + program}).exit_code != 0) continue;
        const Result packed =
            run({"sh", "-c", program + (program == "cat" ? "" : " -c") + " < a.tar > a." + program},
                {.directory = place});
        INFO(packed);
        REQUIRE(packed.exit_code == 0);
        id_of(import(scene, read_file(place + "/a." + program), "&repo=" + program));
        const Json image = scene.request("GET", "/images/" + program + "/json").json();
        const std::string layer = image.find("RootFS")->find("Layers")->text();
        if (digest.empty()) digest = layer;
        CHECK(layer == digest);
    }
    CHECK(digest == "[\"sha256:" + run({"sha256sum", place + "/a.tar"}).out.substr(0, 64) + "\"]");
    const std::string broken = read_file(place + "/a.gzip").substr(0, 60);
    const Answer damaged = import(scene, broken, "&repo=bad");
    INFO(damaged);
    CHECK(damaged.status == 500);
}

TEST_CASE("a change that cannot be is said before the archive is read", "[stage6][images]") {
    EngineScene scene;
    struct Attempt {
        std::string change, says;
    };
    const Attempt attempts[] = {
        {"FOO+x", "foo is not a valid change command"},
        {"ENV", "ENV requires at least one argument"},
        {"ENV+x", "ENV must have two arguments"},
        {"EXPOSE+70000", "Invalid containerPort: 70000"},
        {"STOPSIGNAL+NOPE", "invalid signal: NOPE"},
    };
    for (const Attempt& attempt : attempts) {
        const Answer answer = import(scene, tar_end(), "&repo=a&changes=" + attempt.change);
        INFO(attempt.change << answer);
        CHECK(answer.status == 400);
        CHECK(answer.message() == attempt.says);
    }
    CHECK(import(scene, tar_end(), "&repo=UPPER").message() ==
          "invalid reference format: repository name (UPPER) must be lowercase");
    CHECK(import(scene, tar_end(), "&repo=a&tag=.x").message() == "invalid reference format");
}

TEST_CASE("a client that goes in the middle of an import leaves nothing", "[stage6][images]") {
    EngineScene scene;
    {
        Talk talk{scene.socket()};
        talk.send(
            "POST /images/create?fromSrc=-&repo=half HTTP/1.1\r\nHost: docker\r\n"
            "Content-Length: 100000\r\n\r\n" +
            tar_entry({"file", '0', "text"}));
        wait_until(
            [&] {
                return !run({"ls", scene.root() + "/images/unfinished"}).out.empty();
            },
            "the import has begun");
    }
    wait_until(
        [&] {
            return run({"ls", scene.root() + "/images/unfinished"}).out.empty();
        },
        "nothing is left of it");
    CHECK(scene.request("GET", "/images/json").body == "[]\n");
}
