#include "stage6-daemon-shim/features/show/show_in_daemon.hpp"

#include "stage6-daemon-shim/core/runtime/explaining.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::string_view kExplain = "slipway.explain";

static void plan_explaining(const JsonReader& config, const JsonReader& host, Spec& spec) {
    const std::string how = host.get_object("Annotations").get_string(kExplain);
    if (how.empty()) return;
    if (how != "lines" && !parse_steps(how)) {
        throw HttpError{400, "annotation slipway.explain: expected lines, or steps PID FD"};
    }
    if (config.get_bool("Tty")) {
        throw HttpError{400, "a terminal has no standard error of its own, on which to explain"};
    }
    spec.explain = how;
}

DaemonFeature show_in_daemon() {
    return {.name = "show", .plan = plan_explaining};
}
