#include "stage6-daemon-shim/core/daemon/launch_plan.hpp"

#include <linux/sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "stage5-cgroups/cgroup.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/log_files.hpp"
#include "stage6-daemon-shim/core/daemon/container_table.hpp"
#include "stage6-daemon-shim/core/daemon/log_options.hpp"
#include "stage6-daemon-shim/core/daemon/not_built_in.hpp"
#include "stage6-daemon-shim/core/daemon/plan_limits.hpp"
#include "stage6-daemon-shim/core/daemon/plan_mounts.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

bool wants_isolation(const Json& body, bool by_default) {
    const std::string word = JsonReader{body}.get_object("HostConfig").get_string("Isolation");
    if (word.empty()) return by_default;
    if (word == "none" || word == "default") return word == "default";
    throw HttpError{400, "invalid isolation (" + word + "): there are default and none"};
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
    for (auto& entry : config.get_strings("Env")) all.push_back(std::move(entry));
    // From the end, so that the first of a name is the one that counts.
    std::set<std::string_view> names;
    std::vector<std::string> counting;
    for (auto entry = all.rbegin(); entry != all.rend(); ++entry) {
        const std::string_view name = std::string_view{*entry}.substr(0, entry->find('='));
        if (names.insert(name).second && name.size() < entry->size()) counting.push_back(*entry);
    }
    std::ranges::reverse(counting);
    return counting;
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

static void plan_root(Spec& spec, const JsonReader& host, const Container& container,
                      const LaunchPlace& place) {
    if (!place.overlay) {
        spec.root_path = container.directory + "/" + kRootDirectory;
        return;
    }
    // In the container's own mount namespace, where nobody else sees it: any directory will do.
    spec.root_path = container.directory;
    spec.overlay.lower = {place.image};
    spec.overlay.upper = container.directory + "/" + kUpperDirectory;
    spec.overlay.work = container.directory + "/" + kWorkDirectory;
    spec.overlay.is_volatile = host.get_bool("AutoRemove");
}

static Spec plan_spec(const JsonReader& config, const JsonReader& host, const Container& container,
                      const LaunchPlace& place, bool isolated) {
    Spec spec;
    spec.isolated = isolated;
    spec.hostname = config.get_string("Hostname");
    if (spec.hostname.empty()) spec.hostname = container.short_id();
    try {
        // Docker takes underscores, too, which no host's name has.
        std::string name = spec.hostname;
        std::ranges::replace(name, '_', 'x');
        check_hostname(name);
    } catch (const std::exception& error) {
        throw HttpError{400, std::string{"invalid hostname: "} + error.what()};
    }
    spec.process = plan_process(config, isolated, spec.hostname);
    spec.process.rlimits = {place.descriptors};
    spec.open_stdin = config.get_bool("OpenStdin");
    spec.init = isolated && host.get_bool("Init");
    spec.limits = plan_limits(host);
    if (isolated) {
        spec.namespaces = plan_namespaces(host);
        spec.user_map = place.user_map;
        if (spec.user_map.size != 0) spec.namespaces |= CLONE_NEWUSER;
        plan_root(spec, host, container, place);
        spec.directories = place.directories;
    }
    // Chosen here and written down: whoever cleans up later, perhaps from another group, knows it.
    spec.cgroups = cgroup_directories(container.id, find_hierarchies());
    return spec;
}

static void plan_log(const JsonReader& host, Spec& spec) {
    const LogOptions options = parse_log_options(host);
    if (options.bytes_max == 0) return;
    Json& annotations = spec.document["annotations"];
    annotations[kLogBytesMax] = std::to_string(options.bytes_max);
    annotations[kLogFilesMax] = std::to_string(options.files_max);
}

// As asked, less the two members that are not of Config.
static Json shown_config(const Json& body, const JsonReader& config, const Spec& spec) {
    Json asked = Json::object();
    for (const JsonMember& member : body.as_object()) {
        if (member.name != "HostConfig" && member.name != "NetworkingConfig") {
            asked[member.name] = member.value;
        }
    }
    asked["Hostname"] = spec.hostname;
    asked["Cmd"] = Json::array(config.get_words("Cmd"));
    const Json* volumes = config.find("Volumes");
    const bool any = volumes != nullptr && volumes->is_object() && !volumes->as_object().empty();
    if (!any) asked["Volumes"] = nullptr;
    for (const auto& path : spec.directories) asked["Volumes"][path] = Json::object();
    return asked;
}

static Json shown_host_config(const JsonReader& config, const JsonReader& host, bool isolated) {
    const Json* host_config = config.find("HostConfig");
    Json filled = host_config == nullptr ? Json::object() : *host_config;
    filled["LogConfig"] = shown_log_config(host);
    filled["Isolation"] = isolated ? "default" : "none";
    // What means "not set" in a request, and is shown as that.
    if (host.get_integer("MemorySwappiness", -1) == -1) filled["MemorySwappiness"] = nullptr;
    if (host.get_integer("PidsLimit") <= 0) filled["PidsLimit"] = nullptr;
    const std::string network = host.get_string("NetworkMode");
    filled["NetworkMode"] = network.empty() || network == "default" ? "none" : network;
    return filled;
}

Json plan_launch(const Json& body, const Container& container, const LaunchPlace& place) {
    const JsonReader config{body};
    const JsonReader host = config.get_object("HostConfig");
    refuse_what_is_not_built_in(body, place.features);
    const bool isolated = wants_isolation(body, place.isolated_by_default);
    Spec spec = plan_spec(config, host, container, place, isolated);
    const PlannedMounts mounts = plan_mounts(config, host);
    if (!isolated && !mounts.specs.empty()) {
        throw HttpError{400, "without isolation nothing can be mounted"};
    }
    spec.mounts = mounts.specs;
    plan_log(host, spec);
    for (const DaemonFeature& feature : place.features) {
        if (feature.plan != nullptr) feature.plan(config, host, spec);
    }
    sort_mounts(spec.mounts);

    const std::vector<std::string> rest(spec.process.args.begin() + 1, spec.process.args.end());
    return Json::object({{"Id", container.id},
                         {"Created", time_text(container.created_at)},
                         {"Path", spec.process.args[0]},
                         {"Args", Json::array(rest)},
                         {"Image", place.image_id},
                         {"Driver", isolated ? (place.overlay ? "overlay" : "copy") : "none"},
                         {"Config", shown_config(body, config, spec)},
                         {"HostConfig", shown_host_config(config, host, isolated)},
                         {"Mounts", mounts.shown},
                         {"spec", to_json(spec)}});
}
