// Images whose coming and going is cut off in the middle: there is the whole one, or none.
#include <cstdlib>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"
#include "tests/stage6/engine_scene.hpp"
#include "tests/stage6/images_scene.hpp"

// From now on daemons are those with fail points, and come to harm there: "rename a record:3:KILL".
static void let_fail(const std::string& point) {
    static const std::string log = temporary_directory() + "/points";
    ::setenv("SLIPWAYD", built("faults/slipwayd").c_str(), 1);
    ::setenv("SLIPWAY_FAIL_POINT_LOG", log.c_str(), 1);
    ::setenv("SLIPWAY_FAIL_POINT", ("slipwayd:" + point).c_str(), 1);
}

static Result import_as_made(const EngineScene& scene) {
    return scene.run_client({"import", "-", "made"}, {.input = probe_archive()});
}

static std::string names_and_ids(const EngineScene& scene) {
    return scene.run_client({"images", "--format", "{{.Repository}}"}).out;
}

// Of an import it is the third that gets a name: after that of the layer, and the names.
TEST_CASE("an import that is killed before its last step was none", "[stage6][faults][lean]") {
    let_fail("rename a record:3:KILL");
    EngineScene scene;
    CHECK(import_as_made(scene).exit_code != 0);
    const std::string images = scene.root() + "/images";
    CHECK(names_in(images + "/configs").size() == 1);  // what a kill left: .json.tmp
    scene.restart();
    CHECK(names_and_ids(scene).empty());
    for (const char* place : {"/configs", "/layers", "/unfinished"}) {
        INFO(place);
        wait_until([&] { return names_in(images + place).empty(); }, "nothing is left of it");
    }
    CHECK(import_as_made(scene).exit_code == 0);
    CHECK(names_and_ids(scene) == "made\n");
}

TEST_CASE("an import that fails at any of its records is none, and works when it is tried again",
          "[stage6][faults][lean]") {
    for (const char* step :
         {"write a record", "rename a record", "fsync the directory of a record"}) {
        for (const char* number : {"1", "2", "3"}) {
            INFO(step << " " << number);
            const std::string log = temporary_directory() + "/points";
            let_fail(std::string{step} + ":" + number + ":EIO");
            ::setenv("SLIPWAY_FAIL_POINT_LOG", log.c_str(), 1);
            EngineScene scene;
            CHECK(import_as_made(scene).exit_code != 0);
            CHECK(names_and_ids(scene).empty());
            CHECK(names_in(scene.root() + "/images/configs").empty());
            CHECK(import_as_made(scene).exit_code == 0);
            CHECK(names_and_ids(scene) == "made\n");
            scene.restart();
            CHECK(names_and_ids(scene) == "made\n");
        }
    }
}

TEST_CASE("an image whose removal fails has its name as before; killed in it, it is gone",
          "[stage6][faults][lean]") {
    let_fail("remove an image's record:1:EIO");
    EngineScene scene;
    REQUIRE(import_as_made(scene).exit_code == 0);
    CHECK(scene.request("DELETE", "/images/made").status == 500);
    CHECK(names_and_ids(scene) == "made\n");
    // The fourth record is the names' without it; its own is removed before.
    ::setenv("SLIPWAY_FAIL_POINT", "slipwayd:write a record:4:KILL", 1);
    scene.restart();
    CHECK(scene.run_client({"rmi", "made"}).exit_code != 0);
    scene.restart();
    CHECK(names_and_ids(scene).empty());
    wait_until([&] { return names_in(scene.root() + "/images/layers").empty(); }, "its files too");
}
