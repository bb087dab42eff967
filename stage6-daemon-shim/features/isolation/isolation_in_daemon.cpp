#include "stage6-daemon-shim/features/isolation/isolation_in_daemon.hpp"

#include <linux/sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/features/isolation/capabilities.hpp"
#include "stage6-daemon-shim/features/isolation/devices.hpp"
#include "stage6-daemon-shim/features/isolation/exec_identity.hpp"
#include "stage6-daemon-shim/features/isolation/identity.hpp"
#include "stage6-daemon-shim/features/isolation/network_files.hpp"
#include "stage6-daemon-shim/features/isolation/request.hpp"
#include "stage6-daemon-shim/features/isolation/seccomp_profile.hpp"
#include "stage6-daemon-shim/features/isolation/security_label.hpp"
#include "stage6-daemon-shim/features/isolation/security_options.hpp"
#include "stage6-daemon-shim/features/isolation/shared_memory.hpp"
#include "stage6-daemon-shim/features/isolation/system_paths.hpp"
#include "stage6-daemon-shim/features/isolation/userns_remap.hpp"

static constexpr std::string_view kConfigFields[] = {"User"};
static constexpr std::string_view kHostFields[] = {
    "CapAdd",       "CapDrop",       "Privileged",     "SecurityOpt",
    "MaskedPaths",  "ReadonlyPaths", "ReadonlyRootfs", "Tmpfs",
    "Ulimits",      "OomScoreAdj",   "ShmSize",        "Sysctls",
    "GroupAdd",     "PidMode",       "IpcMode",        "UTSMode",
    "CgroupnsMode", "UsernsMode",    "Devices",        "DeviceCgroupRules",
    "ExtraHosts",   "Dns",           "DnsSearch",      "DnsOptions"};

static Json& process_of(Spec& spec) {
    return spec.document["process"];
}
static Json& linux_of(Spec& spec) {
    return spec.document["linux"];
}
static Json& annotations_of(Spec& spec) {
    return spec.document["annotations"];
}

static void check_capabilities(const JsonReader& host, const char* field) {
    for (const auto& name : host.get_strings(field)) {
        try {
            parse_capability(name);
        } catch (const Failure& error) {
            throw HttpError{400, std::string{"invalid "} + field + ": " + error.what()};
        }
    }
}

static CapabilitySet plan_capabilities(const JsonReader& host, bool privileged, Spec& spec) {
    for (const char* field : {"CapAdd", "CapDrop"}) check_capabilities(host, field);
    const CapabilitySet set =
        privileged ? own_capabilities()
                   : chosen_capabilities(host.get_strings("CapAdd"), host.get_strings("CapDrop"));
    const Json names = Json::array(capability_names(set));
    process_of(spec)["capabilities"] =
        Json::object({{"bounding", names}, {"effective", names}, {"permitted", names}});
    return set;
}

static void plan_security_options(const JsonReader& host, bool privileged,
                                  CapabilitySet capabilities, Spec& spec) {
    const SecurityOptions options = parse_security_options(host.get_strings("SecurityOpt"));
    process_of(spec)["noNewPrivileges"] = options.no_new_privileges;
    if (!options.apparmor.empty()) process_of(spec)["apparmorProfile"] = options.apparmor;
    if (!options.selinux.empty()) process_of(spec)["selinuxLabel"] = options.selinux;
    if (!options.seccomp_profile.is_null()) {
        linux_of(spec)["seccomp"] = resolve_profile(options.seccomp_profile, capabilities);
    } else if (!options.seccomp_unconfined && !privileged) {
        annotations_of(spec)[kSeccompAnnotation] = "default";
    }
}

// An empty list is not the same as none: the client's `systempaths=unconfined` sends it.
static Json paths_or(const JsonReader& host, const char* field, std::vector<std::string> fallback) {
    return Json::array(host.has(field) ? host.get_strings(field) : std::move(fallback));
}

static void plan_system_paths(const JsonReader& host, bool privileged, Spec& spec) {
    if (privileged) {
        annotations_of(spec)[kWritableSystemAnnotation] = "true";
        return;
    }
    linux_of(spec)["maskedPaths"] = paths_or(host, "MaskedPaths", default_masked_paths());
    linux_of(spec)["readonlyPaths"] = paths_or(host, "ReadonlyPaths", default_read_only_paths());
}

// More than the largest machine's /dev holds; a request may name /dev many times.
static constexpr std::size_t kDevicesMax = 5000;

static void plan_devices(const JsonReader& host, bool privileged, Spec& spec) {
    std::vector<DeviceRule> rules = default_device_rules();
    Json devices = Json::array();
    const auto add = [&](const std::string& source, const std::string& place,
                         const std::string& access) {
        try {
            for (Json& device : devices_for(source, place)) {
                const JsonReader reader{device};
                rules.push_back({reader.get_string("type")[0],
                                 static_cast<int>(reader.get_integer("major")),
                                 static_cast<int>(reader.get_integer("minor")), access});
                devices.push_back(std::move(device));
                if (devices.as_array().size() > kDevicesMax) throw Failure{"too many devices"};
            }
        } catch (const Failure& error) {
            throw HttpError{400, error.what()};
        }
    };
    for (const JsonReader& device : host.get_objects("Devices")) {
        const std::string source = device.get_string("PathOnHost");
        const std::string place = device.get_string("PathInContainer", source);
        const std::string access = device.get_string("CgroupPermissions", "rwm");
        if (source.empty() || place[0] != '/' || access.find_first_not_of("rwm") != access.npos) {
            throw HttpError{400, "invalid device: " + source + ":" + place + ":" + access};
        }
        add(source, place, access);
    }
    for (const auto& text : host.get_strings("DeviceCgroupRules")) {
        rules.push_back(parse_device_rule(text));
    }
    if (privileged) {
        add("/dev", "/dev", "rwm");
        rules = {{'a', -1, -1}};
    }
    linux_of(spec)["devices"] = std::move(devices);
    linux_of(spec)["resources"]["devices"] = device_rules_json(rules);
}

static void plan_files(const JsonReader& host, Spec& spec) {
    std::string hosts, resolver;
    for (const auto& entry : host.get_strings("ExtraHosts")) {
        const auto colon = entry.find(':');
        if (colon == std::string::npos || colon == 0 || colon + 1 == entry.size()) {
            throw HttpError{400, "bad format for add-host: \"" + entry + "\""};
        }
        hosts += entry.substr(colon + 1) + "\t" + entry.substr(0, colon) + "\n";
    }
    const auto joined = [&](const char* field) {
        std::string line;
        for (const auto& word : host.get_strings(field)) line += " " + word;
        return line;
    };
    for (const auto& server : host.get_strings("Dns")) resolver += "nameserver " + server + "\n";
    if (const auto words = joined("DnsSearch"); !words.empty()) resolver += "search" + words + "\n";
    if (const auto words = joined("DnsOptions"); !words.empty())
        resolver += "options" + words + "\n";
    if (resolver.empty()) resolver = host_resolver();
    if (!hosts.empty()) annotations_of(spec)[kHostsAnnotation] = hosts;
    if (!resolver.empty()) annotations_of(spec)[kResolverAnnotation] = resolver;
}

static void plan_identity(const JsonReader& config, const JsonReader& host, Spec& spec) {
    const std::string user = config.get_string("User");
    const auto groups = host.get_strings("GroupAdd");
    const bool has_one_user = (spec.namespaces & CLONE_NEWUSER) && spec.user_map.size == 0;
    if (has_one_user && (!is_root_by_any_name(user) || !groups.empty())) {
        throw HttpError{400,
                        "user " + user + ": without root a container has user 0 and group 0 alone"};
    }
    std::string lines;
    for (const auto& group : groups) lines += group + "\n";
    if (!user.empty()) annotations_of(spec)[kUserAnnotation] = user;
    if (!lines.empty()) annotations_of(spec)[kGroupsAnnotation] = lines;
    // Which home is his only his /etc/passwd tells; see choose_identity.
    const auto asked = config.get_strings("Env");
    const auto is_home = [](const std::string& entry) { return entry.starts_with("HOME="); };
    if (std::ranges::none_of(asked, is_home)) std::erase_if(spec.process.env, is_home);
}

static void plan_isolation(const JsonReader& config, const JsonReader& host, Spec& spec) {
    if (!spec.isolated) return refuse_all(config, host);
    const bool privileged = host.get_bool("Privileged");
    plan_userns(host, spec);
    plan_namespaces(host, spec);
    const CapabilitySet capabilities = plan_capabilities(host, privileged, spec);
    plan_security_options(host, privileged, capabilities, spec);
    plan_system_paths(host, privileged, spec);
    plan_devices(host, privileged, spec);
    plan_files(host, spec);
    plan_identity(config, host, spec);
    plan_mounts(host, spec);
    plan_process_limits(host, spec);
    plan_kernel_parameters(host, spec);
}

// What it was given where the request left it open.
static void show_defaults(const Container& container, Json& answer) {
    const JsonReader config{container.config};
    const JsonReader spec = config.get_object("spec");
    if (spec.get_object("annotations").get_string("slipway.isolation", "none") == "none") return;
    Json& host = answer["HostConfig"];
    const JsonReader asked = config.get_object("HostConfig");
    for (const char* field : {"IpcMode", "CgroupnsMode"}) {
        if (asked.get_string(field).empty()) host[field] = "private";
    }
    if (asked.get_integer("ShmSize") == 0) host["ShmSize"] = kSharedMemoryBytes;
    const JsonReader paths = spec.get_object("linux");
    if (!asked.has("MaskedPaths"))
        host["MaskedPaths"] = Json::array(paths.get_strings("maskedPaths"));
    if (!asked.has("ReadonlyPaths")) {
        host["ReadonlyPaths"] = Json::array(paths.get_strings("readonlyPaths"));
    }
}

static void describe_isolation(const Daemon& daemon, Json& info) {
    Json& options = info["SecurityOptions"];
    options.push_back("name=seccomp,profile=builtin");
    if (has_apparmor()) options.push_back("name=apparmor");
    if (has_selinux()) options.push_back("name=selinux");
    if (daemon.options.user_map.size != 0) options.push_back("name=userns");
    if (::geteuid() != 0) options.push_back("name=rootless");
    options.push_back("name=cgroupns");
}

DaemonFeature isolation_in_daemon() {
    return {.name = "isolation",
            .config_fields = kConfigFields,
            .host_fields = kHostFields,
            .plan = plan_isolation,
            .begin = begin_userns_remap,
            .inspect = show_defaults,
            .options = userns_options,
            .plan_exec = plan_exec_identity,
            .describe = describe_isolation};
}
