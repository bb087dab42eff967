// What the fuzzers found (tests/fuzz), each with the input that showed it, made smaller.
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/features/isolation/seccomp_profile.hpp"
#include "tests/stage6/http_server_scene.hpp"
#include "tests/support/testing.hpp"

TEST_CASE("a record's year may be any, and the time is then none", "[stage6]") {
    CHECK(parse_time("9999-12-31T23:59:59.999999999Z") == 0);
    CHECK(parse_time("0001-01-01T00:00:00.000000000Z") == 0);
    CHECK(parse_time("2026-01-02T15:04:05.-00000001Z") == 0);
    CHECK(parse_time("2026-01-02T15:04:05.123456789Z") == 1767366245123456789);
}

TEST_CASE("a moment after the last one is the last one", "[stage6]") {
    const WallTime last = parse_unix_time("9223372035", "until");
    CHECK(parse_unix_time("253402300799.999999999", "until") == last + 999999999);
    CHECK(parse_unix_time("999999999999999999", "until") == last);
    CHECK(parse_unix_time("-999999999999999999", "since") == -last);
}

TEST_CASE("the client sends no moment that the daemon does not understand", "[stage6][client]") {
    for (const char* text : {"1700000000.", "9999999999999999999", "2026-01-02T15:04:05.",
                             "2026-01-02T15:04:05+-1:00", "2026-01-02T15:04:05+ 1:00"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_moment(text, "--since"), UsageError);
    }
    CHECK(parse_moment("99999999999999999999999h", "--since") == "0");
}

TEST_CASE("a seccomp rule with more checks than a jump reaches over is refused", "[stage6]") {
    SeccompRule rule{0, SECCOMP_RET_ALLOW, {}};
    rule.checks.resize(63);
    CHECK(compile_filter({SECCOMP_RET_KILL_PROCESS, {rule}}).size() > 63 * 4);
    rule.checks.resize(64);
    CHECK_THROWS_AS(compile_filter({SECCOMP_RET_KILL_PROCESS, {rule}}), Failure);
}

TEST_CASE("a capability that is not known yet is one that nobody has", "[stage6][isolation]") {
    const Json profile = parse_json(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_NEW"]}},
        {"names": ["write"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_NEW"]}}]})");
    const auto rules = parse_seccomp(resolve_profile(profile, ~CapabilitySet{0})).rules;
    REQUIRE(rules.size() == 1);
    CHECK(rules[0].action == SECCOMP_RET_ALLOW);
}

TEST_CASE("a profile that no filter can hold is the request's fault", "[stage6][isolation]") {
    Json checks = Json::array();
    for (int i = 0; i < 64; ++i) checks.push_back(parse_json(R"({"op": "SCMP_CMP_EQ"})"));
    const Json call = Json::object(
        {{"names", Json::array({Json{"read"}})}, {"action", "SCMP_ACT_ALLOW"}, {"args", checks}});
    const Json profile =
        Json::object({{"defaultAction", "SCMP_ACT_ERRNO"}, {"syscalls", Json::array({call})}});
    CHECK_THROWS_AS(resolve_profile(profile, 0), JsonError);
}

TEST_CASE("a text has as many values as are allowed, and no more", "[stage6]") {
    CHECK(parse_json("[1,[2,{\"a\":3}]]", {.values_max = 6}).is_array());
    CHECK_THROWS_WITH(parse_json("[1,[2,{\"a\":3}]]", {.values_max = 5}),
                      "invalid JSON at byte 11: more than 5 values");
}

TEST_CASE("a request of a hundred thousand values is refused at once", "[stage6]") {
    std::string body = R"({"Cmd":["x"])";
    for (int i = 0; i < 100'000; ++i) body += ",\"" + std::to_string(i) + "\":0";
    ServerScene scene;
    const std::string answer = scene.exchange(
        http_post("/json", body + "}", "Content-Type: application/json\r\nConnection: close\r\n"));
    CHECK(status_line(answer) == "HTTP/1.1 400 Bad Request");
    CHECK(body_of(answer).find("more than 10000 values") != std::string::npos);
}
