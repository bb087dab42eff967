#include "stage6-daemon-shim/core/daemon/launch_plan.hpp"

#include <linux/sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "stage5-cgroups/cgroup.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/daemon/container_table.hpp"
#include "stage6-daemon-shim/core/daemon/not_built_in.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::int64_t kMemoryBytesMin = 6 << 20;
static constexpr std::int64_t kNanosPerCpu = 1'000'000'000;
static constexpr std::uint64_t kCpuPeriodMicroseconds = 100'000;

bool wants_isolation(const Json& body, bool by_default) {
    const std::string word = JsonReader{body}.get_object("HostConfig").get_string("Isolation");
    if (word.empty()) return by_default;
    if (word == "none" || word == "default") return word == "default";
    throw HttpError{400, "invalid isolation (" + word + "): there are default and none"};
}

static LimitsSpec plan_limits(const JsonReader& host) {
    LimitsSpec limits;
    const auto memory = host.get_integer("Memory");
    if (memory < 0 || (memory > 0 && memory < kMemoryBytesMin)) {
        throw HttpError{400, "Minimum memory limit allowed is 6MB"};
    }
    limits.memory_bytes = static_cast<std::uint64_t>(memory);
    const auto nanos = host.get_integer("NanoCpus");
    const auto cpus = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
    if (nanos != 0 && (nanos < kNanosPerCpu / 100 || nanos > cpus * kNanosPerCpu)) {
        const std::string number = std::to_string(cpus);
        throw HttpError{400, "Range of CPUs is from 0.01 to " + number + ".00, as there are only " +
                                 number + " CPUs available"};
    }
    if (nanos != 0) {
        limits.cpu_period_microseconds = kCpuPeriodMicroseconds;
        limits.cpu_quota_microseconds =
            static_cast<std::uint64_t>(nanos) * kCpuPeriodMicroseconds / kNanosPerCpu;
    }
    limits.pids =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, host.get_integer("PidsLimit")));
    return limits;
}

// The engine's variables, then the request's, a later one in place of an earlier. An entry without
// `=` takes one away.
static std::vector<std::string> plan_environment(const JsonReader& config, bool isolated,
                                                 const std::string& hostname) {
    std::vector<std::string> all;
    if (isolated) {
        all = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOSTNAME=" + hostname, "HOME=/root"};
    }
    for (const auto& entry : config.get_strings("Env")) {
        const std::string name = entry.substr(0, entry.find('=')) + "=";
        std::erase_if(all, [&](const auto& known) { return known.starts_with(name); });
        if (entry.find('=') != std::string::npos) all.push_back(entry);
    }
    return all;
}

static NamespaceSet plan_namespaces(const JsonReader& host) {
    NamespaceSet set = default_namespaces();
    if (host.get_string("NetworkMode") == "host") set &= ~NamespaceSet{CLONE_NEWNET};
    if (::geteuid() != 0) set |= CLONE_NEWUSER;
    return set;
}

static ProcessSpec plan_process(const JsonReader& config, bool isolated,
                                const std::string& hostname) {
    ProcessSpec process;
    process.args = config.get_words("Entrypoint");
    if (process.args.size() == 1 && process.args[0].empty()) process.args.clear();
    for (auto& word : config.get_words("Cmd")) process.args.push_back(std::move(word));
    if (process.args.empty()) throw HttpError{400, "No command specified"};
    process.env = plan_environment(config, isolated, hostname);
    process.cwd = config.get_string("WorkingDir");
    if (process.cwd.empty()) process.cwd.push_back('/');
    if (process.cwd[0] != '/') {
        throw HttpError{400, "the working directory '" + process.cwd +
                                 "' is invalid, it needs to be an absolute path"};
    }
    return process;
}

static void plan_root(Spec& spec, const Container& container, const LaunchPlace& place) {
    spec.root_path = container.directory + "/" + kRootDirectory;
    if (!place.overlay) return;
    spec.overlay.lower = {place.image};
    spec.overlay.upper = container.directory + "/" + kUpperDirectory;
    spec.overlay.work = container.directory + "/" + kWorkDirectory;
}

static Spec plan_spec(const JsonReader& config, const JsonReader& host, const Container& container,
                      const LaunchPlace& place, bool isolated) {
    Spec spec;
    spec.isolated = isolated;
    spec.hostname = config.get_string("Hostname");
    if (spec.hostname.empty()) spec.hostname = container.short_id();
    try {
        check_hostname(spec.hostname);
    } catch (const std::exception& error) {
        throw HttpError{400, std::string{"invalid hostname: "} + error.what()};
    }
    spec.process = plan_process(config, isolated, spec.hostname);
    spec.open_stdin = config.get_bool("OpenStdin");
    spec.limits = plan_limits(host);
    if (isolated) {
        spec.namespaces = plan_namespaces(host);
        plan_root(spec, container, place);
    }
    // Chosen here and written down: whoever cleans up later, perhaps from another group, knows it.
    spec.cgroups = cgroup_directories(container.id, find_hierarchies());
    return spec;
}

Json plan_launch(const Json& body, const Container& container, const LaunchPlace& place) {
    const JsonReader config{body};
    const JsonReader host = config.get_object("HostConfig");
    refuse_what_is_not_built_in(body, place.features);
    const bool isolated = wants_isolation(body, place.isolated_by_default);
    Spec spec = plan_spec(config, host, container, place, isolated);
    for (const DaemonFeature& feature : place.features) {
        if (feature.plan != nullptr) feature.plan(config, host, spec);
    }

    // As asked, less the two members that are not of Config.
    Json asked = Json::object();
    for (const JsonMember& member : body.as_object()) {
        if (member.name != "HostConfig" && member.name != "NetworkingConfig") {
            asked[member.name] = member.value;
        }
    }
    asked["Hostname"] = spec.hostname;
    asked["Cmd"] = Json::array(config.get_words("Cmd"));
    const Json* host_config = config.find("HostConfig");
    Json filled = host_config == nullptr ? Json::object() : *host_config;
    filled["Isolation"] = isolated ? "default" : "none";
    const std::string network = host.get_string("NetworkMode");
    filled["NetworkMode"] = network.empty() || network == "default" ? "none" : network;
    const std::vector<std::string> rest(spec.process.args.begin() + 1, spec.process.args.end());
    return Json::object({{"Id", container.id},
                         {"Created", time_text(container.created_at)},
                         {"Path", spec.process.args[0]},
                         {"Args", Json::array(rest)},
                         {"Image", place.image_id},
                         {"Driver", isolated ? (place.overlay ? "overlay" : "copy") : "none"},
                         {"Config", std::move(asked)},
                         {"HostConfig", std::move(filled)},
                         {"spec", to_json(spec)}});
}
