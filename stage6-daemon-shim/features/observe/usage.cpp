#include "stage6-daemon-shim/features/observe/usage.hpp"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <charconv>
#include <optional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage5-cgroups/statistics.hpp"
#include "stage6-daemon-shim/features/observe/process_table.hpp"

static constexpr std::uint64_t kNanosPerMicro = 1000;

static std::uint64_t nanoseconds_of_ticks(std::uint64_t ticks) {
    return ticks * (1'000'000'000u / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
}

static std::uint64_t number_of(std::string_view word) {
    std::uint64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    return number;
}

// The first of these files that one of the groups has; empty where none has.
static std::string group_file(const std::vector<std::string>& groups,
                              std::initializer_list<const char*> names) {
    for (const char* name : names) {
        for (const auto& group : groups) {
            const std::string path = group + "/" + name;
            if (!file_exists(path)) continue;
            try {
                return read_file(path);
            } catch (const SystemError&) {
                // Removed between the two calls.
            }
        }
    }
    return {};
}

// "user_usec 12\nsystem_usec 34\n"
static Usage::Counters counters_in(const std::string& text) {
    Usage::Counters counters;
    const auto words = words_of(text);
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
        counters.emplace_back(words[i], number_of(words[i + 1]));
    }
    return counters;
}

static std::uint64_t counter(const Usage::Counters& counters, std::string_view name) {
    for (const auto& [key, value] : counters) {
        if (key == name) return value;
    }
    return 0;
}

static void measure_machine(Usage& usage) {
    constexpr std::size_t modes = 8;  // user to steal: guests are counted in user already
    const auto words = words_of(read_file("/proc/stat"));
    std::uint64_t ticks = 0;
    for (std::size_t i = 1; i <= modes && i < words.size(); ++i) ticks += number_of(words[i]);
    usage.machine_nanoseconds = nanoseconds_of_ticks(ticks);
}

static void measure_cpu(const std::vector<std::string>& groups, Usage& usage) {
    const Statistics statistics = read_statistics(groups);
    usage.cpu_nanoseconds = statistics.cpu_microseconds.value_or(0) * kNanosPerMicro;
    usage.throttled_nanoseconds = statistics.throttled_microseconds.value_or(0) * kNanosPerMicro;
    const auto in_ticks = counters_in(group_file(groups, {"cpuacct.stat"}));
    if (!in_ticks.empty()) {
        usage.user_nanoseconds = nanoseconds_of_ticks(counter(in_ticks, "user"));
        usage.kernel_nanoseconds = nanoseconds_of_ticks(counter(in_ticks, "system"));
        return;
    }
    const auto counters = counters_in(group_file(groups, {"cpu.stat"}));
    usage.user_nanoseconds = counter(counters, "user_usec") * kNanosPerMicro;
    usage.kernel_nanoseconds = counter(counters, "system_usec") * kNanosPerMicro;
}

static void measure_memory(const std::vector<std::string>& groups, Usage& usage) {
    struct sysinfo machine {};
    ::sysinfo(&machine);
    usage.memory_limit_bytes = std::uint64_t{machine.totalram} * machine.mem_unit;
    usage.memory_bytes = number_of(group_file(groups, {"memory.current", "memory.usage_in_bytes"}));
    const auto limit = number_of(group_file(groups, {"memory.max", "memory.limit_in_bytes"}));
    // Version 1 calls no limit a number that is larger than any memory.
    if (limit != 0 && limit < usage.memory_limit_bytes) usage.memory_limit_bytes = limit;
    usage.memory = counters_in(group_file(groups, {"memory.stat"}));
}

// "8:0 rbytes=1 wbytes=2 ..." of version 2, "8:0 Read 1" of version 1.
static void measure_devices(const std::vector<std::string>& groups, Usage& usage) {
    const std::string text =
        group_file(groups, {"io.stat", "blkio.throttle.io_service_bytes_recursive"});
    for (const auto& line : words_of(text, "\n")) {
        const auto words = words_of(line);
        const auto colon = words[0].find(':');
        if (words.size() < 2 || colon == std::string::npos) continue;
        const auto major = number_of(words[0].substr(0, colon));
        const auto minor = number_of(words[0].substr(colon + 1));
        auto& devices = usage.devices;
        if (devices.empty() || devices.back().major != major || devices.back().minor != minor) {
            devices.push_back({major, minor, 0, 0});
        }
        if (words.size() == 3 && words[1] == "Read")
            devices.back().read_bytes = number_of(words[2]);
        if (words.size() == 3 && words[1] == "Write") {
            devices.back().written_bytes = number_of(words[2]);
        }
        for (const auto& word : words) {
            if (word.starts_with("rbytes=")) devices.back().read_bytes = number_of(word.substr(7));
            if (word.starts_with("wbytes=")) {
                devices.back().written_bytes = number_of(word.substr(7));
            }
        }
    }
}

static void measure_processes(const Container& container, const std::vector<std::string>& groups,
                              Usage& usage) {
    const bool by_group = usage.memory_bytes != 0 && usage.cpu_nanoseconds != 0;
    const auto pids = processes_of(container);
    usage.processes = number_of(group_file(groups, {"pids.current"}));
    usage.processes_limit = number_of(group_file(groups, {"pids.max"}));
    std::uint64_t threads = 0, resident = 0, cpu = 0;
    if (by_group && usage.processes != 0) return;
    for (const pid_t pid : pids) {
        const auto process = read_process(pid);
        if (!process) continue;
        threads += static_cast<std::uint64_t>(process->threads);
        resident += process->resident_bytes;
        cpu += nanoseconds_of_ticks(process->cpu_ticks);
    }
    if (usage.processes == 0) usage.processes = threads;
    if (usage.memory_bytes == 0) usage.memory_bytes = resident;
    if (usage.cpu_nanoseconds == 0) usage.cpu_nanoseconds = cpu;
}

static std::string network_namespace(const std::string& process) {
    char text[64];
    const auto size = ::readlink(("/proc/" + process + "/ns/net").c_str(), text, sizeof text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string{};
}

// "  eth0: 1 2 3 4 5 6 7 8 9 ...": eight counters of what came in, eight of what went out.
static void measure_network(const Container& container, Usage& usage) {
    static constexpr std::pair<const char*, std::size_t> columns[] = {
        {"rx_bytes", 0}, {"rx_packets", 1}, {"rx_errors", 2},  {"rx_dropped", 3},
        {"tx_bytes", 8}, {"tx_packets", 9}, {"tx_errors", 10}, {"tx_dropped", 11}};
    const std::string process = std::to_string(container.pid);
    if (network_namespace(process) == network_namespace("self")) return;  // the machine's
    for (const auto& line : words_of(read_file("/proc/" + process + "/net/dev"), "\n")) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        const auto name = words_of(line.substr(0, colon));
        const auto numbers = words_of(line.substr(colon + 1));
        if (name.empty() || name[0] == "lo" || numbers.size() < 12) continue;
        Usage::Interface interface {
            name[0], {}
        };
        for (const auto& [counter_name, column] : columns) {
            interface.counters.emplace_back(counter_name, number_of(numbers[column]));
        }
        usage.interfaces.push_back(std::move(interface));
    }
}

Usage measure(const Container& container) {
    Usage usage;
    if (!is_alive(container.state)) return usage;
    try {
        const auto groups = groups_of(container);
        measure_machine(usage);
        measure_cpu(groups, usage);
        measure_memory(groups, usage);
        measure_devices(groups, usage);
        measure_processes(container, groups, usage);
        measure_network(container, usage);
    } catch (const SystemError&) {
        return {};  // it has ended meanwhile
    }
    usage.time = wall_time_now();
    return usage;
}

static Json json_of(const Usage::Counters& counters) {
    Json json = Json::object();
    for (const auto& [name, value] : counters) json[name] = value;
    return json;
}

static Json cpu_of(const Usage& usage) {
    Json json = Json::object(
        {{"cpu_usage", Json::object({{"total_usage", usage.cpu_nanoseconds},
                                     {"usage_in_kernelmode", usage.kernel_nanoseconds},
                                     {"usage_in_usermode", usage.user_nanoseconds}})},
         {"throttling_data", Json::object({{"periods", 0},
                                           {"throttled_periods", 0},
                                           {"throttled_time", usage.throttled_nanoseconds}})}});
    if (usage.time == 0) return json;
    json["system_cpu_usage"] = usage.machine_nanoseconds;
    json["online_cpus"] = ::sysconf(_SC_NPROCESSORS_ONLN);
    return json;
}

static Json devices_of(const Usage& usage) {
    Json bytes = Json::array();
    for (const auto& device : usage.devices) {
        for (const auto& [operation, value] :
             {std::pair{"read", device.read_bytes}, std::pair{"write", device.written_bytes}}) {
            bytes.push_back(Json::object({{"major", device.major},
                                          {"minor", device.minor},
                                          {"op", operation},
                                          {"value", value}}));
        }
    }
    return Json::object({{"io_service_bytes_recursive", std::move(bytes)}});
}

static Json processes_json(const Usage& usage) {
    Json json = Json::object();
    if (usage.time == 0) return json;
    json["current"] = usage.processes;
    if (usage.processes_limit != 0) json["limit"] = usage.processes_limit;
    return json;
}

static Json memory_json(const Usage& usage) {
    if (usage.time == 0) return Json::object();
    return Json::object({{"usage", usage.memory_bytes},
                         {"limit", usage.memory_limit_bytes},
                         {"stats", json_of(usage.memory)}});
}

Json stats_of(const Container& container, const Usage& now, const Usage& before) {
    Json json = Json::object({{"read", time_text(now.time)},
                              {"preread", time_text(before.time)},
                              {"name", "/" + container.name},
                              {"id", container.id},
                              {"num_procs", 0},
                              {"pids_stats", processes_json(now)},
                              {"cpu_stats", cpu_of(now)},
                              {"precpu_stats", cpu_of(before)},
                              {"memory_stats", memory_json(now)},
                              {"blkio_stats", devices_of(now)},
                              {"storage_stats", Json::object()}});
    for (const auto& interface : now.interfaces) {
        json["networks"][interface.name] = json_of(interface.counters);
    }
    return json;
}
