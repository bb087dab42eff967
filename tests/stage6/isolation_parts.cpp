// Capabilities, users and devices by name: what is decided before the kernel is asked.
#include "common/error.hpp"
#include "stage6-daemon-shim/features/isolation/capabilities.hpp"
#include "stage6-daemon-shim/features/isolation/devices.hpp"
#include "stage6-daemon-shim/features/isolation/identity.hpp"
#include "tests/support/testing.hpp"

TEST_CASE("capabilities are added to and dropped from Docker's fourteen", "[stage6][isolation]") {
    const CapabilitySet own = own_capabilities();
    constexpr CapabilitySet fourteen = 0xa80425fb;
    CHECK(chosen_capabilities({}, {}) == (fourteen & own));
    CHECK(chosen_capabilities({}, {"ALL"}) == 0);
    CHECK(chosen_capabilities({"CAP_CHOWN"}, {"ALL"}) == (parse_capability("chown") & own));
    CHECK(chosen_capabilities({"ALL"}, {}) == own);
    CHECK(chosen_capabilities({"ALL"}, {"NET_RAW"}) == (own & ~parse_capability("NET_RAW")));
    CHECK(chosen_capabilities({"SYS_ADMIN"}, {"CAP_MKNOD"}) ==
          (((fourteen & ~parse_capability("MKNOD")) | parse_capability("SYS_ADMIN")) & own));
    CHECK_THROWS_WITH(parse_capability("FOO"), "unknown capability: \"CAP_FOO\"");
    CHECK(capability_names(parse_capability("KILL")) == std::vector<std::string>{"CAP_KILL"});
}

static const std::string kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "broken line\n"
    "web:x:1000:1001:Web:/srv/web:/bin/sh\n"
    "nohome:x:1002:1002:::\n"
    "1234:x:77:78::/home/number:/bin/sh\n";
static const std::string kGroup =
    "root:x:0:\nwheel:x:10:root,web\nweb:x:1001:\naudio:x:63:web\nnobody:x:65534:\n";

TEST_CASE("a user is found as every form names it", "[stage6][isolation]") {
    const auto find = [](const std::string& user) {
        return find_identity(user, {}, kPasswd, kGroup);
    };
    struct Form {
        std::string text;
        uid_t uid;
        gid_t gid;
        std::vector<gid_t> groups;
        std::string home;
    };
    const Form forms[] = {{"", 0, 0, {10}, "/root"},
                          {"root", 0, 0, {10}, "/root"},
                          {"web", 1000, 1001, {10, 63}, "/srv/web"},
                          {"1000", 1000, 1001, {10, 63}, "/srv/web"},
                          {"1000:0", 1000, 0, {}, "/srv/web"},
                          {"web:audio", 1000, 63, {}, "/srv/web"},
                          {"7:audio", 7, 63, {}, "/"},
                          {"7", 7, 0, {}, "/"},
                          {":audio", 0, 63, {}, "/root"},
                          {"1", 1, 0, {}, "/"},
                          {"1:2", 1, 2, {}, "/"},
                          {"1234", 77, 78, {}, "/home/number"}};
    for (const Form& form : forms) {
        INFO(form.text);
        const Identity identity = find(form.text);
        CHECK(identity.user.uid == form.uid);
        CHECK(identity.user.gid == form.gid);
        auto groups = form.groups;
        groups.insert(groups.begin(), form.gid);  // the primary group is one of them, and the first
        CHECK(identity.user.additional_groups == groups);
        CHECK(identity.home == form.home);
    }
    for (const char* wrong : {"nosuch", "1a", "-1", "4294967295", "0x10", " 1", "broken line"}) {
        INFO(wrong);
        CHECK_THROWS_AS(find(wrong), Failure);
    }
    CHECK_THROWS_WITH(find("nosuch"),
                      "unable to find user nosuch: no matching entries in passwd file");
    CHECK_THROWS_WITH(find("web:nosuch"),
                      "unable to find group nosuch: no matching entries in group file");
    CHECK(find_identity("7", {"audio", "99"}, kPasswd, kGroup).user.additional_groups ==
          std::vector<gid_t>{0, 63, 99});
    CHECK(find_identity("7", {}, "", "").user.uid == 7);
}

TEST_CASE("a device is described with its numbers, and what is none is refused",
          "[stage6][isolation]") {
    const auto found = devices_for("/dev/null", "/dev/nothing");
    REQUIRE(found.size() == 1);
    const JsonReader device{found[0]};
    CHECK(device.get_string("path") == "/dev/nothing");
    CHECK(device.get_string("type") == "c");
    CHECK(device.get_integer("major") == 1);
    CHECK(device.get_integer("minor") == 3);
    CHECK_THROWS_AS(devices_for("/etc/passwd", "/dev/x"), Failure);
    CHECK_THROWS_AS(devices_for("/dev/no-such-device", "/dev/x"), Failure);
}
