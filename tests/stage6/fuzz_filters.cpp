// What the fuzzers found in the filters of lists.
#include "stage6-daemon-shim/core/client/api_client.hpp"
#include "tests/stage6/engine_scene.hpp"

TEST_CASE("no pattern in a filter keeps the daemon busy", "[stage6]") {
    EngineScene scene{"orchestrator"};
    scene.create("web-1", {"true"});
    const auto list = [&](const std::string& pattern) {
        const Json filters = Json::object({{"name", Json::array({Json{pattern}})}});
        return scene.request("GET",
                             "/containers/json?all=1&filters=" + percent_encoded(filters.text()));
    };
    std::string nested = "a";
    for (int i = 0; i < 40; ++i) nested = "(" + nested + ")+";
    for (const std::string& pattern :
         {nested, std::string{"((a{1,255}){1,255}){1,255}"},
          std::string{R"((a*)*(a*)*(a*)*\1\2\3b)"}, std::string{R"([\]\1)"}}) {
        CAPTURE(pattern);
        CHECK(list(pattern).status == 400);
    }
    CHECK(list("^/?(web|db)-[0-9]+$").json().as_array().size() == 1);
}
