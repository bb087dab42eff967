#include "stage6-daemon-shim/features/isolation/request.hpp"

#include <linux/sched.h>

#include <algorithm>
#include <charconv>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/features/isolation/shared_memory.hpp"

// --- namespaces ---------------------------------------------------------------------------------

static bool shares_with_host(const JsonReader& host, const char* field,
                             std::initializer_list<std::string_view> own) {
    const std::string mode = host.get_string(field);
    if (mode == "host") return true;
    if (mode.empty() || std::ranges::find(own, mode) != own.end()) return false;
    throw HttpError{400, std::string{"HostConfig."} + field + " " + mode + ": not built in"};
}

void plan_namespaces(const JsonReader& host, Spec& spec) {
    const auto share = [&](NamespaceSet kind) { spec.namespaces &= ~kind; };
    if (shares_with_host(host, "PidMode", {})) share(CLONE_NEWPID);
    if (shares_with_host(host, "IpcMode", {"private", "shareable", "none"})) share(CLONE_NEWIPC);
    if (shares_with_host(host, "UTSMode", {})) share(CLONE_NEWUTS);
    if (shares_with_host(host, "CgroupnsMode", {"private"})) share(CLONE_NEWCGROUP);
    if (shares_with_host(host, "UsernsMode", {}) && (spec.namespaces & CLONE_NEWUSER)) {
        throw HttpError{400, "HostConfig.UsernsMode host: without root a container needs its own"};
    }
}

// --- mounts -------------------------------------------------------------------------------------

static std::vector<std::string> split_options(const std::string& text) {
    std::vector<std::string> options = {"noexec", "nosuid", "nodev"};
    for (std::size_t start = 0; start < text.size();) {
        const auto end = std::min(text.find(',', start), text.size());
        if (end > start) options.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return options;
}

void plan_mounts(const JsonReader& host, Spec& spec) {
    spec.root_is_read_only = host.get_bool("ReadonlyRootfs");
    for (const auto& [place, options] : host.get_string_map("Tmpfs")) {
        if (place.empty() || place[0] != '/') {
            throw HttpError{400, "invalid mount path: '" + place + "' mount path must be absolute"};
        }
        spec.mounts.push_back({place, "tmpfs", "tmpfs", split_options(options)});
    }
    const std::int64_t size = host.get_integer("ShmSize");
    if (size < 0) throw HttpError{400, "SHM size can not be less than 0"};
    if (size != 0 && size != kSharedMemoryBytes) {
        spec.document["annotations"][kSharedMemoryAnnotation] = std::to_string(size);
    }
}

// --- limits of the process ----------------------------------------------------------------------

void plan_process_limits(const JsonReader& host, Spec& spec) {
    for (const JsonReader& limit : host.get_objects("Ulimits")) {
        std::string type = "RLIMIT_" + limit.get_string("Name");
        std::ranges::transform(type, type.begin(), [](unsigned char letter) {
            return static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
        });
        if (!is_resource_limit(type)) {
            throw HttpError{400, "invalid ulimit type: " + limit.get_string("Name")};
        }
        const auto soft = static_cast<std::uint64_t>(limit.get_integer("Soft"));
        const auto hard = static_cast<std::uint64_t>(limit.get_integer("Hard"));
        if (soft > hard) {
            throw HttpError{400, "ulimit soft limit must be less than or equal to hard limit: " +
                                     std::to_string(limit.get_integer("Soft")) + " > " +
                                     std::to_string(limit.get_integer("Hard"))};
        }
        spec.process.rlimits.push_back({type, soft, hard});
    }
    const std::int64_t score = host.get_integer("OomScoreAdj");
    if (score < -1000 || score > 1000) {
        throw HttpError{400, "Invalid value " + std::to_string(score) +
                                 ", range for oom score adj is [-1000, 1000]"};
    }
    spec.process.oom_score_adj = static_cast<int>(score);
}

// --- settings of the kernel ---------------------------------------------------------------------

static bool is_of_ipc(const std::string& name) {
    static constexpr std::string_view kNames[] = {
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
        "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
    return std::ranges::find(kNames, name) != std::end(kNames) || name.starts_with("fs.mqueue.");
}

void plan_kernel_parameters(const JsonReader& host, Spec& spec) {
    Json settings = Json::object();
    for (const auto& [name, value] : host.get_string_map("Sysctls")) {
        const NamespaceSet kind = is_of_ipc(name)            ? NamespaceSet{CLONE_NEWIPC}
                                  : name.starts_with("net.") ? NamespaceSet{CLONE_NEWNET}
                                                             : NamespaceSet{0};
        const bool is_path = name.find('/') != std::string::npos || name.find("..") != name.npos;
        if (kind == 0 || is_path) {
            throw HttpError{400, "sysctl \"" + name + "\" is not in a separate kernel namespace"};
        }
        if (!(spec.namespaces & kind)) {
            throw HttpError{400, "sysctl \"" + name +
                                     "\" not allowed in the host's namespace: it would change "
                                     "the whole machine's"};
        }
        settings[name] = value;
    }
    if (!settings.as_object().empty()) spec.document["linux"]["sysctl"] = std::move(settings);
}

// --- devices ------------------------------------------------------------------------------------

static int parse_device_number(std::string_view text, const std::string& rule) {
    if (text == "*") return -1;
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < 0) {
        throw HttpError{400, "invalid device cgroup rule format: '" + rule + "'"};
    }
    return number;
}

DeviceRule parse_device_rule(const std::string& text) {
    const auto first = text.find(' '), second = text.find(' ', first + 1);
    const auto colon = text.find(':');
    const std::string access = second == std::string::npos ? "" : text.substr(second + 1);
    const bool well_formed = first == 1 && colon != std::string::npos && colon < second &&
                             std::string_view{"abc"}.find(text[0]) != std::string::npos &&
                             !access.empty() && access.find_first_not_of("rwm") == access.npos;
    if (!well_formed) throw HttpError{400, "invalid device cgroup rule format: '" + text + "'"};
    const std::string_view numbers = text;
    return {text[0], parse_device_number(numbers.substr(2, colon - 2), text),
            parse_device_number(numbers.substr(colon + 1, second - colon - 1), text), access};
}

// --- the rest -----------------------------------------------------------------------------------

void refuse_all(const JsonReader& config, const JsonReader& host) {
    const auto refuse = [](const char* field) {
        throw HttpError{400, std::string{field} + ": needs isolation, and this container has none"};
    };
    for (const char* field : {"CapAdd", "CapDrop", "SecurityOpt", "GroupAdd", "MaskedPaths",
                              "ReadonlyPaths", "Dns", "DnsSearch", "DnsOptions", "ExtraHosts"}) {
        if (!host.get_strings(field).empty()) refuse(field);
    }
    for (const char* field : {"Privileged", "ReadonlyRootfs"}) {
        if (host.get_bool(field)) refuse(field);
    }
    for (const char* field : {"Tmpfs", "Sysctls"}) {
        if (!host.get_string_map(field).empty()) refuse(field);
    }
    if (!host.get_objects("Devices").empty()) refuse("Devices");
    if (!is_root_by_any_name(config.get_string("User"))) refuse("User");
}

bool is_root_by_any_name(const std::string& user) {
    static constexpr std::string_view kNames[] = {"",          "0",      "root",  "0:0",
                                                  "root:root", "0:root", "root:0"};
    return std::ranges::find(kNames, user) != std::end(kNames);
}

std::string host_resolver() {
    const std::string path = "/etc/resolv.conf";
    return file_exists(path) ? read_file(path, 64 << 10) : "";
}
