// The list's filters: any text is refused with 400 or decides each container; a filter on the whole
// name finds it, and no pattern takes long.
#include "stage6-daemon-shim/core/daemon/list_filters.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "tests/fuzz/fuzz.hpp"

struct Scene {
    EventLoop loop;
    ContainerTable table{loop, scratch_directory() + "/root"};
    Container container{loop, std::string(64, 'a')};

    Scene() {
        container.name = "web-1";
        container.state = State::exited;
        container.exit_code = 3;
        container.config = parse_json(R"({"Config":{"Image":"host","Labels":{"a":"b","c":""},)"
                                      R"("ExposedPorts":{"80/tcp":{}}},"HostConfig":{}})");
    }

    bool passes(const std::string& text) const { return ListFilters{text, table}.pass(container); }
    bool passes(const Json& filters) const { return passes(filters.text()); }
};

static void check_examples(const Scene& scene) {
    const auto passes = [&](const char* key, std::initializer_list<Json> values) {
        return scene.passes(Json::object({{key, Json::array(values)}}));
    };
    hold(passes("name", {"^/?web-1$"}), "a name is found");
    hold(passes("label", {"a=b", "c"}), "all labels");
    hold(!passes("label", {"a=b", "d"}), "not only one");
    hold(passes("exited", {"4", "3"}), "any of them");
}

static void check_refusal(const HttpError& error) {
    hold(error.status() == 400 || error.status() == 404, "a bad filter is 400");
}

void check_input(std::string_view input) {
    static const Scene scene;
    check_examples(scene);
    try {
        scene.passes(std::string{input});
    } catch (const HttpError& error) {
        check_refusal(error);
    } catch (const JsonError&) {
    }
    // As a pattern too: most inputs are no JSON.
    try {
        scene.passes(Json::object({{"name", Json::array({std::string{input}})}}));
    } catch (const HttpError& error) {
        check_refusal(error);
    } catch (const JsonError&) {
    }
}
