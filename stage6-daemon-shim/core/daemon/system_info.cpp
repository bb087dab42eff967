#include "stage6-daemon-shim/core/daemon/system_info.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/file.hpp"
#include "common/options.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"

static constexpr const char* kApiVersion = "1.44";
static constexpr const char* kApiVersionMin = "1.24";

static utsname system_name() {
    utsname name{};
    ::uname(&name);
    return name;
}

std::string architecture() {
    const std::string machine = system_name().machine;
    if (machine == "x86_64") return "amd64";
    return machine == "aarch64" ? "arm64" : machine;
}

Json version_of(const std::string& engine_name) {
    const std::string version{kVersion};
    const Json details = Json::object({{"ApiVersion", kApiVersion},
                                       {"MinAPIVersion", kApiVersionMin},
                                       {"Os", "linux"},
                                       {"Arch", architecture()},
                                       {"KernelVersion", system_name().release},
                                       {"GitCommit", ""},
                                       {"GoVersion", ""},
                                       {"BuildTime", ""},
                                       {"Experimental", "false"}});
    const Json engine =
        Json::object({{"Name", "Engine"}, {"Version", version}, {"Details", details}});
    return Json::object({{"Platform", Json::object({{"Name", engine_name}})},
                         {"Components", Json::array({engine})},
                         {"Version", version},
                         {"ApiVersion", kApiVersion},
                         {"MinAPIVersion", kApiVersionMin},
                         {"GitCommit", ""},
                         {"GoVersion", ""},
                         {"Os", "linux"},
                         {"Arch", architecture()},
                         {"KernelVersion", system_name().release},
                         {"BuildTime", ""},
                         {"Experimental", false}});
}

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" (os-release(5)).
static std::string operating_system() {
    for (const auto& line :
         words_of(file_exists("/etc/os-release") ? read_file("/etc/os-release") : "", "\n")) {
        if (!line.starts_with("PRETTY_NAME=")) continue;
        const std::string value = line.substr(12);
        return value.size() > 2 && value[0] == '"' ? value.substr(1, value.size() - 2) : value;
    }
    return "Linux";
}

// Whether the kernel counts swap beside memory: version 2 always does, version 1 when booted so.
static bool can_limit_swap(const Hierarchy& memory) {
    return memory.is_v2 || file_exists(memory.own_group + "/memory.memsw.limit_in_bytes");
}

static bool can_freeze(const std::vector<Hierarchy>& hierarchies) {
    return std::ranges::any_of(hierarchies, [](const Hierarchy& hierarchy) {
        return (hierarchy.is_v2 || hierarchy.has("freezer")) &&
               ::access(hierarchy.own_group.c_str(), W_OK) == 0;
    });
}

// Which of the limits a container can be given here, and which version of cgroups does it; what
// cannot be had is a warning.
static void add_limits(Json& info) {
    const auto hierarchies = find_hierarchies();
    const auto find = [&](const char* controller) -> const Hierarchy* {
        for (const Hierarchy& hierarchy : hierarchies) {
            if (!hierarchy.has(controller)) continue;
            return ::access(hierarchy.own_group.c_str(), W_OK) == 0 ? &hierarchy : nullptr;
        }
        return nullptr;
    };
    const auto add = [&](const char* field, bool can, const char* what) {
        info[field] = can;
        if (!can) info["Warnings"].push_back("WARNING: No " + std::string{what} + " support");
    };
    const Hierarchy* memory = find("memory");
    const bool cpu = find("cpu") != nullptr;
    add("MemoryLimit", memory != nullptr, "memory limit");
    add("SwapLimit", memory != nullptr && can_limit_swap(*memory), "swap limit");
    add("CpuCfsPeriod", cpu, "cpu cfs period");
    add("CpuCfsQuota", cpu, "cpu cfs quota");
    add("CPUShares", cpu, "cpu shares");
    add("CPUSet", find("cpuset") != nullptr, "cpuset");
    add("PidsLimit", find("pids") != nullptr, "pids limit");
    if (!can_freeze(hierarchies)) {
        info["Warnings"].push_back(
            "WARNING: No freezer: pause stops each process by SIGSTOP, which it can notice");
    }
    info["OomKillDisable"] = false;
    const bool pure_v2 = hierarchies.size() == 1 && hierarchies[0].is_v2;
    info["CgroupDriver"] = "cgroupfs";
    info["CgroupVersion"] = pure_v2 ? "2" : "1";
}

static bool forwards_packets() {
    const std::string path = "/proc/sys/net/ipv4/ip_forward";
    return file_exists(path) && read_file(path).starts_with('1');
}

static int open_descriptors() {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        count += entry.exists() ? 1 : 0;
    }
    return count;
}

Json info_of(const SystemFacts& facts) {
    struct sysinfo memory {};
    ::sysinfo(&memory);
    const int all = facts.containers_running + facts.containers_paused + facts.containers_stopped;
    Json info = Json::object(
        {{"ID", facts.engine_name + ":" + facts.root},
         {"Containers", all},
         {"ContainersRunning", facts.containers_running},
         {"ContainersPaused", facts.containers_paused},
         {"ContainersStopped", facts.containers_stopped},
         {"Images", facts.images},
         {"Driver", facts.driver},
         {"DriverStatus", Json::array()},
         {"Plugins", Json::object({{"Volume", Json::array()},
                                   {"Network", Json::array({"host", "null"})},
                                   {"Authorization", nullptr},
                                   {"Log", Json::array({"json-file"})}})},
         {"IPv4Forwarding", forwards_packets()},
         {"Debug", false},
         {"NFd", open_descriptors()},
         {"SystemTime", time_text(wall_time_now())},
         {"LoggingDriver", "json-file"},
         {"KernelVersion", system_name().release},
         {"OperatingSystem", operating_system()},
         {"OSVersion", ""},
         {"OSType", "linux"},
         {"Architecture", system_name().machine},
         {"NCPU", ::sysconf(_SC_NPROCESSORS_ONLN)},
         {"MemTotal", static_cast<std::int64_t>(memory.totalram) * memory.mem_unit},
         {"DockerRootDir", facts.root},
         {"Name", system_name().nodename},
         {"ServerVersion", kVersion},
         {"Labels", Json::array()},
         {"ExperimentalBuild", false},
         {"Runtimes", Json::object({{"slipway", Json::object({{"path", "slipway-shim"}})}})},
         {"DefaultRuntime", "slipway"},
         {"Swarm", Json::object({{"LocalNodeState", "inactive"}})},
         {"LiveRestoreEnabled", true},
         {"SecurityOptions", Json::array()},
         {"IndexServerAddress", ""},
         {"Warnings", Json::array()}});
    add_limits(info);
    return info;
}
