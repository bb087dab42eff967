#include "stage6-daemon-shim/core/daemon/system_info.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

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

// Go's names, which clients compare with.
static std::string architecture() {
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
                         {"BuildTime", ""}});
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

// Which of the limits a container can be given here, and which version of cgroups does it.
static void add_limits(Json& info) {
    const auto hierarchies = find_hierarchies();
    const auto can_limit = [&](const char* controller) {
        for (const Hierarchy& hierarchy : hierarchies) {
            if (hierarchy.has(controller)) return ::access(hierarchy.own_group.c_str(), W_OK) == 0;
        }
        return false;
    };
    info["MemoryLimit"] = can_limit("memory");
    info["SwapLimit"] = can_limit("memory");
    info["CpuCfsPeriod"] = can_limit("cpu");
    info["CpuCfsQuota"] = can_limit("cpu");
    info["CPUShares"] = false;
    info["CPUSet"] = false;
    info["PidsLimit"] = can_limit("pids");
    info["OomKillDisable"] = false;
    const bool pure_v2 = hierarchies.size() == 1 && hierarchies[0].is_v2;
    info["CgroupDriver"] = "cgroupfs";
    info["CgroupVersion"] = pure_v2 ? "2" : "1";
    if (!can_limit("memory")) {
        info["Warnings"].push_back("WARNING: No memory limit support: the cgroup is not ours");
    }
}

Json info_of(const SystemFacts& facts) {
    struct sysinfo memory {};
    ::sysinfo(&memory);
    Json info = Json::object(
        {{"ID", facts.engine_name + ":" + facts.root},
         {"Containers", facts.containers_running + facts.containers_stopped},
         {"ContainersRunning", facts.containers_running},
         {"ContainersPaused", 0},
         {"ContainersStopped", facts.containers_stopped},
         {"Images", facts.images},
         {"Driver", facts.driver},
         {"DriverStatus", Json::array()},
         {"Plugins", Json::object({{"Volume", Json::array()},
                                   {"Network", Json::array({"host", "null"})},
                                   {"Authorization", nullptr},
                                   {"Log", Json::array({"json-file"})}})},
         {"IPv4Forwarding", false},
         {"Debug", false},
         {"NFd", 0},
         {"NGoroutines", 1},
         {"NEventsListener", 0},
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
