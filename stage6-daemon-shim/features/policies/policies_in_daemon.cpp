#include "stage6-daemon-shim/features/policies/policies_in_daemon.hpp"

#include "stage6-daemon-shim/features/policies/health_check.hpp"
#include "stage6-daemon-shim/features/policies/health_monitor.hpp"
#include "stage6-daemon-shim/features/policies/restart_policy.hpp"

static constexpr std::string_view kConfigFields[] = {"Healthcheck"};
static constexpr std::string_view kHostFields[] = {"RestartPolicy"};

// Both stay in config.json as they were asked for: here they are only checked.
static void check_policies(const JsonReader& config, const JsonReader& host, Spec&) {
    check_restart_policy(host);
    parse_health_check(config);
}

DaemonFeature policies_in_daemon() {
    return {.name = "policies",
            .config_fields = kConfigFields,
            .host_fields = kHostFields,
            .plan = check_policies,
            .begin = begin_health_monitor,
            .restart_after = restart_after,
            .inspect = show_health};
}
