#include "stage5-cgroups/limits.hpp"

#include <unistd.h>

#include <charconv>
#include <functional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cgroup_names.hpp"
#include "stage5-cgroups/cgroup_v1.hpp"
#include "stage5-cgroups/cpu_list.hpp"

static constexpr unsigned kCpuMax = 1024 * 1024;
static constexpr unsigned kCpuWeightMax = 10000;
// Docker's: in less not even the start of a program fits.
static constexpr std::uint64_t kMemoryBytesMin = 6u << 20;

std::uint64_t parse_memory(std::string_view text) {
    const UsageError wrong{"--memory " + printable(text) +
                           ": a size is a number of MiB, or ends in b, k, m or g"};
    if (text.empty()) throw wrong;
    double unit = 1 << 20;
    const std::string_view units = "bkmg";
    const auto which = units.find(static_cast<char>(text.back() | 0x20));
    const bool has_unit = text.back() > '9' && which != std::string_view::npos;
    if (has_unit) unit = static_cast<double>(std::uint64_t{1} << (10 * which));
    const auto digits = text.substr(0, text.size() - (has_unit ? 1 : 0));
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number,
                                              std::chars_format::fixed);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    if (!whole || digits.empty() || digits[0] == '-') throw wrong;
    constexpr double largest = 1ull << 62;
    if (!(number * unit <= largest)) throw wrong;  // written so that "nan" is refused too
    const auto bytes = static_cast<std::uint64_t>(number * unit);
    if (number > 0 && bytes < kMemoryBytesMin) {
        throw UsageError{"--memory " + printable(text) + ": at least 6m, or 0 for no limit"};
    }
    return bytes;
}

std::vector<Option> limit_option_table(Limits& limits) {
    return {
        {"-m --memory", "MB",
         "memory, swap included (default 512; 64m, 1g are understood; 0: none)",
         [&](std::string_view text) {
             limits.memory_bytes = parse_memory(text);
             limits.memory_asked = limits.memory_bytes != 0;
         }},
        {"--cpu", "N", "CPU time: 1024 is one CPU (default 1024; 0: no limit)",
         [&](std::string_view text) {
             limits.cpu = static_cast<unsigned>(parse_number(text, "--cpu", 0, kCpuMax));
             limits.cpu_asked = limits.cpu != 0;
         }},
        {"--cpu-weight", "N", "share of busy CPUs: 1 to 10000, others have 100",
         [&](std::string_view text) {
             limits.cpu_weight =
                 static_cast<unsigned>(parse_number(text, "--cpu-weight", 1, kCpuWeightMax));
         }},
        {"--cpuset-cpus", "LIST", "run on these processors alone: 0-2,5",
         [&](std::string_view text) {
             parse_cpu_list(text);
             limits.cpuset = text;
         }},
        {"--pids", "N", "processes at a time (default: no limit)",
         [&](std::string_view text) {
             limits.pids = static_cast<std::uint64_t>(parse_number(text, "--pids", 0, 1 << 22));
             limits.pids_asked = limits.pids != 0;
         }},
    };
}

std::string memory_text(std::uint64_t bytes) {
    if (bytes % (1u << 20) == 0) return std::to_string(bytes >> 20) + "MB";
    return bytes % 1024 == 0 ? std::to_string(bytes >> 10) + "KB" : std::to_string(bytes) + "B";
}

void set_cpu_quota(const std::string& group, const CpuQuota& quota) {
    const std::string time = std::to_string(quota.quota_microseconds);
    const std::string period = std::to_string(quota.period_microseconds);
    if (file_exists(group + "/cpu.cfs_quota_us")) return limit_cpu_v1(group, time, period);
    write_cgroup_file(group, "cpu.max", time + " " + period);
}

static std::string way_out() {
    if (::geteuid() == 0) return "leave the limit out, or run where the cgroup tree can be written";
    return "limits need root, or a delegated group: systemd-run --user --scope -p Delegate=yes ...";
}

Limits apply_limits(Cgroup& cgroup, const Limits& limits, const Narrator& narrator,
                    const std::string& id) {
    Limits held = limits;
    std::string told, not_set;
    // False when the limit was wanted and does not hold.
    const auto set = [&](bool wanted, bool asked, const std::string& line,
                         const std::function<void()>& limit) {
        try {
            if (wanted) limit();
            if (wanted) told += (told.empty() ? "Created cgroup with limits:\n  " : "\n  ") + line;
            return true;
        } catch (const UsageError&) {
            throw;  // no rights would help
        } catch (const std::runtime_error& error) {
            if (asked) throw Failure{error.what() + std::string{" ("} + way_out() + ")"};
            if (not_set.empty()) not_set = error.what();
            return false;
        }
    };
    const std::string memory = memory_text(limits.memory_bytes);
    const std::string cpu = std::to_string(limits.cpu) + "/1024";
    if (!set(limits.memory_bytes != 0, limits.memory_asked, "Memory: " + memory,
             [&] { cgroup.limit_memory(limits.memory_bytes); }))
        held.memory_bytes = 0;
    if (!set(limits.cpu != 0, limits.cpu_asked, "CPU: " + cpu + " shares",
             [&] { cgroup.limit_cpu(limits.cpu); }))
        held.cpu = 0;
    set(limits.cpu_weight != 0, true, "CPU weight: " + std::to_string(limits.cpu_weight),
        [&] { cgroup.weigh_cpu(limits.cpu_weight); });
    set(!limits.cpuset.empty(), true, "CPUs: " + limits.cpuset,
        [&] { cgroup.limit_cpuset(limits.cpuset); });
    set(limits.pids != 0, limits.pids_asked, "Processes: " + std::to_string(limits.pids),
        [&] { cgroup.limit_pids(limits.pids); });

    for (const auto& line : words_of(told, "\n")) narrator.say(line);
    if (held.memory_bytes != 0 && held.cpu != 0) {
        narrator.say("[" + id + "] Resource limits: " + memory + " RAM, " + cpu + " CPU");
    }
    if (!not_set.empty()) {
        narrator.say("Warning: Could not set cgroup limits: " + not_set + " (" + way_out() + ")");
        narrator.say("Continuing without resource limits...");
    }
    return held;
}
