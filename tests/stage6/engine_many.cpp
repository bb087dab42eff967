// Many containers, one after the other: what a daemon keeps of each when it is gone is nothing.
#include "common/file.hpp"
#include "tests/stage6/engine_scene.hpp"

static void make_run_and_remove(const EngineScene& scene, const std::string& name) {
    scene.run_detached(name, {"true"});
    scene.wait(name);
    const Answer removed = scene.request("DELETE", "/containers/" + name);
    INFO(removed);
    CHECK(removed.status == 204);
}

TEST_CASE("a thousand containers leave the daemon no descriptor more", "[stage6][many][slow]") {
    constexpr int containers = 1000;
    EngineScene scene;
    make_run_and_remove(scene, "first");  // what is opened once is open then
    wait_until([&] { return scene.request("GET", "/containers/json").status == 200; },
               "it answers");
    const std::size_t before = scene.descriptors();
    for (int i = 0; i < containers; ++i) make_run_and_remove(scene, "web" + std::to_string(i));
    wait_until([&] { return scene.descriptors() <= before; }, "the daemon closed all descriptors");
    CHECK(scene.request("GET", "/containers/json?all=1").json().as_array().empty());
}
