#include "stage6-daemon-shim/core/daemon/container_update.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/daemon/change_limits.hpp"
#include "stage6-daemon-shim/core/daemon/not_built_in.hpp"
#include "stage6-daemon-shim/core/daemon/plan_limits.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::string_view kRestartPolicy = "RestartPolicy";
static constexpr std::string_view kLimitFields[] = {
    "Memory", "NanoCpus", "CpuShares", "CpuQuota", "CpuPeriod", "CpusetCpus", "PidsLimit"};

static std::string cannot_update(const Container& container, const std::string& why) {
    return "Cannot update container " + container.id + ": " + why;
}

static bool wants_policy(const JsonReader& changes) {
    return !changes.get_object(kRestartPolicy).get_string("Name").empty();
}

// Two ways to say how much CPU time: Docker lets nobody change from one to the other.
static void check_cpu_conflicts(const Container& container, const JsonReader& old_host,
                                const JsonReader& changes) {
    const auto refuse = [&](const char* wanted, const char* other) {
        throw HttpError{409, cannot_update(container, std::string{"Conflicting options: "} +
                                                          wanted + " cannot be updated as " +
                                                          other + " has already been set")};
    };
    const bool has_nanos = old_host.get_integer("NanoCpus") > 0;
    const bool wants_nanos = changes.get_integer("NanoCpus") > 0;
    if (changes.get_integer("CpuPeriod") > 0 && has_nanos) refuse("CPU Period", "NanoCPUs");
    if (changes.get_integer("CpuQuota") > 0 && has_nanos) refuse("CPU Quota", "NanoCPUs");
    if (wants_nanos && old_host.get_integer("CpuPeriod") > 0) refuse("NanoCPUs", "CPU Period");
    if (wants_nanos && old_host.get_integer("CpuQuota") > 0) refuse("NanoCPUs", "CPU Quota");
}

// The HostConfig with what was asked to change in it.
static Json merged_host(const Container& container, const Json& changes) {
    const Json* const old_host = container.config.find("HostConfig");
    Json merged = old_host == nullptr ? Json::object() : *old_host;
    for (const JsonMember& member : changes.as_object()) {
        if (is_default(member)) continue;
        const bool is_limit =
            std::ranges::find(kLimitFields, member.name) != std::end(kLimitFields);
        if (is_limit || member.name == kRestartPolicy) {
            merged[member.name] = member.value;
        } else if (member.name != "MemorySwap" || member.value != *changes.find("Memory")) {
            // Memory and swap are limited together, so the same for both is what there is.
            throw HttpError{400, member.name + ": not built in"};
        }
    }
    const JsonReader reader{changes};
    if (wants_policy(reader)) merged[kRestartPolicy] = *changes.find(kRestartPolicy);
    return merged;
}

// A policy is a feature's: it looks at it as it does at a create request's.
static void check_policy(const Daemon& daemon, const Container& container, const Json& merged) {
    const JsonReader host{merged};
    if (host.get_bool("AutoRemove") && host.get_object(kRestartPolicy).get_string("Name") != "no") {
        throw HttpError{409, cannot_update(container,
                                           "Restart policy cannot be updated because AutoRemove is "
                                           "enabled for the container")};
    }
    const Json nothing = Json::object();
    for (const DaemonFeature& feature : daemon.features) {
        if (std::ranges::find(feature.host_fields, kRestartPolicy) == feature.host_fields.end()) {
            continue;
        }
        Spec scratch;
        const Json policy =
            Json::object({{std::string{kRestartPolicy}, *merged.find(kRestartPolicy)}});
        feature.plan(JsonReader{nothing}, JsonReader{policy}, scratch);
        return;
    }
    throw HttpError{400, "RestartPolicy: not built in"};
}

// The launch spec with these limits: the next start has them from the beginning.
static Json respecified(const Json& config, const LimitsSpec& limits) {
    Spec spec = parse_spec(*config.find("spec"));
    spec.limits = limits;
    Json& resources = spec.document["linux"]["resources"];
    for (const char* kind : {"memory", "cpu", "pids"}) resources[kind] = Json::object();
    return to_json(spec);
}

static void change_running(const Container& container, const LimitsSpec& before,
                           const LimitsSpec& wanted) {
    try {
        fail_point<"change the limits">();
        change_limits(container, before, wanted);
    } catch (const std::exception& error) {
        try {
            change_limits(container, wanted, before);
        } catch (const std::exception&) {
            // What could be changed is what could be changed back.
        }
        throw HttpError{500, cannot_update(container, error.what())};
    }
}

Task<void> update_container(Daemon& daemon, ContainerPointer container, std::string as_given,
                            Json changes) {
    while (container->starting || container->freezing) co_await container->changed.wait();
    const JsonReader reader{changes};
    must_act(*container, Verb::update, as_given);
    check_cpu_conflicts(*container, JsonReader{container->config}.get_object("HostConfig"), reader);
    const Json merged = merged_host(*container, changes);
    if (wants_policy(reader)) check_policy(daemon, *container, merged);
    const LimitsSpec before = plan_limits(JsonReader{container->config}.get_object("HostConfig"));
    const LimitsSpec wanted = plan_limits(JsonReader{merged});
    Json config = daemon.table.read_config(*container);
    config["HostConfig"] = merged;
    if (before != wanted) {
        config["spec"] = respecified(config, wanted);
        if (is_alive(container->state)) change_running(*container, before, wanted);
    }
    fail_point<"save the changed limits">();
    daemon.table.save_config(*container, config);
    container->take_config(std::move(config));
    daemon.announcements.of_container(*container, "update");
}
