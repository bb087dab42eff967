#include "stage6-daemon-shim/features/policies/restart_policy.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

using std::chrono::milliseconds;

static constexpr milliseconds kDelayFirst{100};
static constexpr milliseconds kDelayMax{60'000};
static constexpr std::chrono::seconds kLongRun{10};

enum class Policy { no, always, unless_stopped, on_failure };

static std::optional<Policy> policy_called(const std::string& name) {
    if (name.empty() || name == "no") return Policy::no;
    if (name == "always") return Policy::always;
    if (name == "unless-stopped") return Policy::unless_stopped;
    if (name == "on-failure") return Policy::on_failure;
    return {};
}

void check_restart_policy(const JsonReader& host) {
    const JsonReader asked = host.get_object("RestartPolicy");
    const std::string name = asked.get_string("Name");
    const auto count = asked.get_integer("MaximumRetryCount");
    const auto policy = policy_called(name);
    const auto refuse = [](const std::string& text) {
        throw HttpError{400, "invalid restart policy: " + text};
    };
    if (!policy) {
        refuse("unknown policy '" + printable(name) +
               "'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
    }
    if (policy == Policy::on_failure) {
        if (count < 0) refuse("maximum retry count cannot be negative");
    } else if (count != 0 && !name.empty()) {
        refuse(std::string{"maximum retry count can only be used with 'on-failure'"} +
               (count < 0 ? " and cannot be negative" : ""));
    }
    if (host.get_bool("AutoRemove") && policy != Policy::no) {
        throw HttpError{400, "can't create 'AutoRemove' container with restart policy"};
    }
}

static bool is_wanted(const Container& container, Policy policy, std::int64_t count_max,
                      Learned learned) {
    switch (policy) {
        case Policy::no: return false;
        case Policy::always: return true;
        case Policy::unless_stopped: return !container.wants_stopped;
        case Policy::on_failure: break;
    }
    // Stopped by hand and found so by a new daemon: then it is no failure to be repaired.
    if (learned == Learned::from_records && container.wants_stopped) return false;
    return container.exit_code != 0 && (count_max == 0 || container.restart_count < count_max);
}

std::optional<milliseconds> restart_after(Container& container, Learned learned) {
    const JsonReader asked =
        JsonReader{container.config}.get_object("HostConfig").get_object("RestartPolicy");
    const Policy policy = policy_called(asked.get_string("Name")).value_or(Policy::no);
    if (!is_wanted(container, policy, asked.get_integer("MaximumRetryCount"), learned)) return {};
    if (learned == Learned::from_records) return milliseconds{0};
    const bool begins_anew =
        container.restart_delay == milliseconds{0} || Clock::now() - container.up_since >= kLongRun;
    container.restart_delay =
        begins_anew ? kDelayFirst : std::min(2 * container.restart_delay, kDelayMax);
    return container.restart_delay;
}
