// What `import --change` writes into an image, and what becomes of it in a container.
#include "common/file.hpp"
#include "tests/stage6/images_scene.hpp"

static std::string encoded(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        char code[4];
        std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(letter));
        result += code;
    }
    return result;
}

static Answer import_with(const EngineScene& scene, const std::string& name,
                          const std::vector<std::string>& changes,
                          const std::string& archive = probe_archive()) {
    std::string query = "&repo=" + name;
    for (const auto& change : changes) query += "&changes=" + encoded(change);
    return import(scene, archive, query);
}

static std::string config_of(const EngineScene& scene, const std::string& image,
                             const char* field) {
    const Json shown = scene.request("GET", "/images/" + image + "/json").json();
    const Json* value = shown.find("Config")->find(field);
    return value == nullptr ? "" : value->text();
}

TEST_CASE("HEALTHCHECK, VOLUME and ONBUILD of an import are the image's", "[stage6][images]") {
    EngineScene scene;
    CHECK(import_with(
              scene, "one",
              {"healthcheck --interval=1m30s --timeout=500ms --start-period=2s --retries=2 "
               "cmd test  -e /ok",
               "VOLUME /data /more", R"(VOLUME ["/a b"])", "ONBUILD RUN x y", "ONBUILD CMD z"})
              .status == 200);
    CHECK(config_of(scene, "one", "Healthcheck") ==
          R"({"Interval":90000000000,"Timeout":500000000,"StartPeriod":2000000000,"Retries":2,)"
          R"("Test":["CMD-SHELL","test  -e /ok"]})");
    CHECK(config_of(scene, "one", "Volumes") == R"({"/data":{},"/more":{},"/a b":{}})");
    CHECK(config_of(scene, "one", "OnBuild") == R"(["RUN x y","CMD z"])");
    import_with(scene, "two", {R"(HEALTHCHECK CMD ["/probe", "exit", "0"])"});
    CHECK(config_of(scene, "two", "Healthcheck") == R"({"Test":["CMD","/probe","exit","0"]})");
    import_with(scene, "none", {"HEALTHCHECK NONE"});
    CHECK(config_of(scene, "none", "Healthcheck") == R"({"Test":["NONE"]})");
}

TEST_CASE("an instruction that makes no sense is refused in Docker's words", "[stage6][images]") {
    EngineScene scene;
    const std::pair<std::string, std::string> cases[] = {
        {"HEALTHCHECK", "HEALTHCHECK requires at least one argument"},
        {"HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"},
        {"HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"},
        {"HEALTHCHECK curl x", "Unknown type \"CURL\" in HEALTHCHECK (try CMD)"},
        {"HEALTHCHECK --interval=abc CMD x", "time: invalid duration \"abc\""},
        {"HEALTHCHECK --interval=1us CMD x", "Interval \"interval\" cannot be less than 1ms"},
        {"HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"},
        {"HEALTHCHECK --nosuch=1 CMD x", "unknown flag: nosuch"},
        {"VOLUME", "VOLUME requires at least one argument"},
        {"VOLUME [\"\"]", "VOLUME specified can not be an empty string"},
        {"ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"},
        {"ONBUILD ONBUILD x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"},
        {"USER", "USER requires exactly one argument"},
        {"WORKDIR", "WORKDIR requires exactly one argument"},
    };
    for (const auto& [change, text] : cases) {
        INFO(change);
        // A short one: of a long one the daemon takes no more than it does in two seconds.
        const Answer answer = import_with(scene, "bad", {change}, tar_end());
        CHECK(answer.status == 400);
        CHECK(answer.message() == text);
    }
}

TEST_CASE("a container looks after itself as its image says, unless it is told otherwise",
          "[stage6][images]") {
    EngineScene scene;
    import_with(scene, "fit",
                {"HEALTHCHECK --interval=50ms --retries=7 CMD [\"/probe\",\"exit\",\"0\"]"});
    const auto with = [&](const std::string& name, const char* check) {
        scene.run_detached(name, {"/probe", "sleep"}, [&](Json& body) {
            body["Image"] = "fit";
            if (check != nullptr) body["Healthcheck"] = parse_json(check);
        });
        return scene.inspect(name).find("Config")->find("Healthcheck")->text();
    };
    CHECK(with("plain", nullptr) ==
          R"({"Interval":50000000,"Retries":7,"Test":["CMD","/probe","exit","0"]})");
    wait_until(
        [&] {
            const Json state = *scene.inspect("plain").find("State");
            return state.find("Health")->find("Status")->as_string() == "healthy";
        },
        "it is healthy");
    CHECK(with("rare", R"({"Interval":3600000000000})") ==
          R"({"Interval":3600000000000,"Retries":7,"Test":["CMD","/probe","exit","0"]})");
    CHECK(with("unwatched", R"({"Test":["NONE"]})") ==
          R"({"Interval":50000000,"Retries":7,"Test":["NONE"]})");
    CHECK(scene.inspect("unwatched").find("State")->find("Health") == nullptr);
}

TEST_CASE("where an image has a volume there is a directory to write in", "[stage6][images]") {
    EngineScene scene;
    import_with(scene, "store", {"VOLUME /data/deep"});
    const std::string id =
        scene.run_detached("web", {"/probe", "sleep"}, [](Json& body) { body["Image"] = "store"; });
    CHECK(file_exists("/proc/" + std::to_string(scene.process_of(id)) + "/root/data/deep"));
    CHECK(scene.inspect("web").find("Config")->find("Volumes")->text() == R"({"/data/deep":{}})");
}

TEST_CASE("the filter until of images is a duration, a date or a number of seconds",
          "[stage6][images]") {
    EngineScene scene;
    import_with(scene, "one", {});
    const auto count = [&](const std::string& until) {
        const Answer answer = scene.request(
            "GET", "/images/json?filters=" + encoded(R"({"until":[")" + until + "\"]}"));
        INFO(answer);
        return answer.status == 200 ? std::to_string(answer.json().as_array().size())
                                    : answer.message();
    };
    CHECK(count("1h") == "0");
    wait_until([&] { return count("1ms") == "1"; }, "it is older than a millisecond");
    CHECK(count("24h0m0s") == "0");
    CHECK(count("2000-01-01T00:00:00.000000000Z") == "0");
    CHECK(count("4000000000") == "1");
    CHECK(count("soon") == "invalid value for until: soon");
    CHECK(scene.request("GET", "/images/json?filters=" + encoded(R"({"dangling":["perhaps"]})"))
              .message() == "invalid filter 'dangling=[perhaps]'");
}
