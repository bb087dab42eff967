#include "stage6-daemon-shim/features/policies/health_check.hpp"

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

static nanoseconds duration_in(const JsonReader& check, const char* name, nanoseconds usual) {
    const nanoseconds asked{check.get_integer(name)};
    if (asked == nanoseconds{0}) return usual;
    if (asked < milliseconds{1}) {
        throw HttpError{400, std::string{name} + " in Healthcheck cannot be less than 1ms"};
    }
    return asked;
}

// "CMD" and the words of a command, or "CMD-SHELL" and a line for the shell.
static std::vector<std::string> command_in(std::vector<std::string> test) {
    const std::string kind = test[0];
    test.erase(test.begin());
    if (kind == "CMD" && !test.empty()) return test;
    if (kind == "CMD-SHELL" && test.size() == 1) return {"/bin/sh", "-c", test[0]};
    throw HttpError{400, "Unknown healthcheck type '" + printable(kind) + "' (expected 'CMD')"};
}

std::optional<HealthCheck> parse_health_check(const JsonReader& config) {
    const JsonReader asked = config.get_object("Healthcheck");
    HealthCheck check;
    check.interval = duration_in(asked, "Interval", seconds{30});
    check.timeout = duration_in(asked, "Timeout", seconds{30});
    check.start_period = duration_in(asked, "StartPeriod", seconds{0});
    check.start_interval = duration_in(asked, "StartInterval", seconds{5});
    const auto retries = asked.get_integer("Retries");
    if (retries < 0) throw HttpError{400, "Retries in Healthcheck cannot be negative"};
    check.retries = retries == 0 ? 3 : static_cast<unsigned>(retries);
    auto test = asked.get_strings("Test");
    if (test.empty() || test[0] == "NONE") return {};
    check.command = command_in(std::move(test));
    return check;
}
