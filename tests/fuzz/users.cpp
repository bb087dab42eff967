// Users and devices by name: a number that nobody is called is that user and no other; whatever
// the container's own files say, numbers are in range; only the errors that are named refuse.
#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/features/isolation/identity.hpp"
#include "stage6-daemon-shim/features/isolation/request.hpp"
#include "tests/fuzz/fuzz.hpp"

static bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

static void check_identity(const std::string& user, const std::string& passwd,
                           const std::string& group) {
    try {
        const Identity identity = find_identity(user, {}, passwd, group);
        hold(identity.user.uid <= INT32_MAX && identity.user.gid <= INT32_MAX, "ids in range");
        for (const gid_t gid : identity.user.additional_groups) hold(gid <= INT32_MAX, "in range");
        const std::string name = user.substr(0, user.find(':'));
        const bool is_called_so =
            passwd.starts_with(name + ":") || passwd.find("\n" + name + ":") != std::string::npos;
        if (!is_number(name) || is_called_so) return;
        hold(identity.user.uid == std::stoul(name), "a number is that user (CVE-2026-30892)");
    } catch (const Failure& error) {
        const std::string_view text = error.what();
        const bool is_told = text.starts_with("unable to find ") ||
                             text == "uids and gids must be in range 0-2147483647";
        hold(is_told, "Docker's words");
    }
}

static void check_device(const std::string& text) {
    try {
        const DeviceRule rule = parse_device_rule(text);
        hold(std::string_view{"abc"}.find(rule.type) != std::string_view::npos, "a type");
        hold(rule.major >= -1 && rule.minor >= -1, "numbers, or any");
        hold(!rule.access.empty() && rule.access.size() < text.size(), "an access");
        const auto number = [](int value) { return value < 0 ? "*" : std::to_string(value); };
        const std::string again = std::string(1, rule.type) + " " + number(rule.major) + ":" +
                                  number(rule.minor) + " " + rule.access;
        const DeviceRule same = parse_device_rule(again);
        hold(same.major == rule.major && same.minor == rule.minor, "a rule is kept");
        device_program({rule, same});
    } catch (const HttpError& error) {
        hold(error.status() == 400, "a bad rule is 400");
    }
}

void check_input(std::string_view input) {
    Choices choices{input};
    const std::string user{choices.until('\n')};
    const std::string passwd{choices.until('\0')};
    check_identity(user, passwd, std::string{input});
    check_device(user);
}
