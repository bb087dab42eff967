// The launch spec: what is written is read again, and errors name the field.
#include <linux/sched.h>

#include "stage6-daemon-shim/core/runtime/spec.hpp"
#include "tests/support/testing.hpp"

static std::string complaint(const std::string& text) {
    try {
        parse_spec(parse_json(text));
        return "";
    } catch (const JsonError& error) {
        return error.what();
    }
}

static Spec full_spec() {
    Spec spec;
    spec.process = {{"sh", "-c", "x"},
                    {"A=b"},
                    "/work",
                    {1, 2, {3, 4}},
                    true,
                    24,
                    80,
                    -5,
                    {{"RLIMIT_NOFILE", 10, ~0ull}}};
    spec.root_path = "/root";
    spec.root_is_read_only = true;
    spec.hostname = "box";
    spec.mounts = {{"/data", "bind", "/srv", {"ro"}}};
    spec.namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP;
    spec.limits = {64u << 20, 50000, 100000, 20};
    spec.overlay = {{"/layer2", "/layer1"}, "/c/upper", "/c/work", true};
    spec.cgroups = {"/sys/fs/cgroup/slipway/id", "/sys/fs/cgroup/memory/slipway/id"};
    spec.open_stdin = true;
    spec.init = true;
    return spec;
}

TEST_CASE("a launch spec comes back as it was written", "[stage6]") {
    const Json json = to_json(full_spec());
    const Spec spec = parse_spec(parse_json(json.text()));
    CHECK(spec.process.args == full_spec().process.args);
    CHECK(spec.process.cwd == "/work");
    CHECK(spec.process.user.additional_groups == std::vector<gid_t>{3, 4});
    CHECK(spec.process.oom_score_adj == -5);
    REQUIRE(spec.process.rlimits.size() == 1);
    CHECK(spec.process.rlimits[0].type == "RLIMIT_NOFILE");
    CHECK(spec.process.rlimits[0].soft == 10);
    CHECK(spec.process.rlimits[0].hard == ~0ull);
    CHECK(spec.namespaces == full_spec().namespaces);
    CHECK(spec.limits.memory_bytes == 64u << 20);
    CHECK(spec.overlay.lower == full_spec().overlay.lower);
    CHECK(spec.overlay.is_volatile);
    CHECK(spec.cgroups == full_spec().cgroups);
    CHECK(spec.open_stdin);
    CHECK(spec.init);
    CHECK(spec.isolated);
    CHECK(to_json(spec) == json);
}

TEST_CASE("a launch spec is in the OCI runtime specification's form", "[stage6]") {
    const Json json = to_json(full_spec());
    CHECK(json.find("process")->find("user")->find("uid")->as_integer() == 1);
    CHECK(json.find("root")->find("readonly")->as_bool());
    const Json& linux_part = *json.find("linux");
    CHECK(linux_part.find("namespaces")->text() ==
          R"([{"type":"pid"},{"type":"mount"},{"type":"cgroup"}])");
    CHECK(linux_part.find("resources")->find("memory")->find("limit")->as_integer() == 64 << 20);
}

TEST_CASE("what a feature adds to the spec stays in it", "[stage6]") {
    Json json = to_json(full_spec());
    json["linux"]["maskedPaths"] = Json::array({Json{"/proc/kcore"}});
    const Spec spec = parse_spec(json);
    CHECK(spec.document.find("linux")->find("maskedPaths")->as_array().size() == 1);
    CHECK(to_json(spec) == json);
}

TEST_CASE("a wrong spec is refused, and the error names the field", "[stage6]") {
    CHECK(complaint(R"({})") == "field spec.process.args: expected a command");
    const std::string process = R"({"process":{"args":["x"])";
    CHECK(complaint(process + "}}") == "field spec.root.path: missing");
    CHECK(complaint(process + R"(,"user":{"uid":-1}}})").find("uid") != std::string::npos);
    CHECK(complaint(process + R"(},"root":{"path":"/r"}})").find("mount namespace") !=
          std::string::npos);
    CHECK(complaint(process + R"(},"linux":{"namespaces":[{"type":"moon"}]}})").find("type") !=
          std::string::npos);
    CHECK(complaint(process + R"(},"annotations":{"slipway.isolation":"some"}})")
              .find("slipway.isolation") != std::string::npos);
    CHECK(complaint(process + R"(},"annotations":{"slipway.isolation":"none"}})").empty());
}
