#include "stage6-daemon-shim/core/daemon/plan_limits.hpp"

#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/cpu_list.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::int64_t kMemoryBytesMin = 6 << 20;
static constexpr std::int64_t kNanosPerCpu = 1'000'000'000;
static constexpr std::int64_t kCpuPeriodMicroseconds = 100'000;
static constexpr std::int64_t kCpuMicrosecondsMin = 1000;
static constexpr std::int64_t kCpuMicrosecondsMax = 1'000'000;
static constexpr std::int64_t kCpuSharesMin = 2;  // the kernel's
static constexpr std::int64_t kCpuSharesMax = 262'144;

static std::uint64_t plan_memory(const JsonReader& host) {
    const auto memory = host.get_integer("Memory");
    if (memory < 0 || (memory > 0 && memory < kMemoryBytesMin)) {
        throw HttpError{400, "Minimum memory limit allowed is 6MB"};
    }
    return static_cast<std::uint64_t>(memory);
}

static void check_nano_cpus(std::int64_t nanos) {
    const auto cpus = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
    if (nanos == 0 || (nanos >= kNanosPerCpu / 100 && nanos <= cpus * kNanosPerCpu)) return;
    const std::string number = std::to_string(cpus);
    throw HttpError{400, "Range of CPUs is from 0.01 to " + number + ".00, as there are only " +
                             number + " CPUs available"};
}

static void check_period_and_quota(std::int64_t period, std::int64_t quota) {
    if (period != 0 && (period < kCpuMicrosecondsMin || period > kCpuMicrosecondsMax)) {
        throw HttpError{400,
                        "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s "
                        "(i.e. 1000000)"};
    }
    if (quota > 0 && quota < kCpuMicrosecondsMin) {
        throw HttpError{400, "CPU cfs quota can not be less than 1ms (i.e. 1000)"};
    }
}

static void plan_cpu(const JsonReader& host, LimitsSpec& limits) {
    const auto nanos = host.get_integer("NanoCpus");
    auto period = host.get_integer("CpuPeriod");
    auto quota = host.get_integer("CpuQuota");
    for (const auto& [value, name] : {std::pair{period, "Period"}, std::pair{quota, "Quota"}}) {
        if (nanos <= 0 || value <= 0) continue;
        throw HttpError{400, std::string{"Conflicting options: Nano CPUs and CPU "} + name +
                                 " cannot both be set"};
    }
    check_nano_cpus(nanos);
    check_period_and_quota(period, quota);
    if (period == 0) period = kCpuPeriodMicroseconds;
    if (nanos != 0) quota = nanos * kCpuPeriodMicroseconds / kNanosPerCpu;
    if (quota <= 0) return;  // -1 is none, too
    limits.cpu_quota_microseconds = static_cast<std::uint64_t>(quota);
    limits.cpu_period_microseconds = static_cast<std::uint64_t>(period);
}

static std::uint64_t plan_shares(const JsonReader& host) {
    const auto shares = host.get_integer("CpuShares");
    if (shares > 0 && shares < kCpuSharesMin) {
        throw HttpError{400, "the minimum allowed cpu-shares is " + std::to_string(kCpuSharesMin)};
    }
    if (shares > kCpuSharesMax) {
        throw HttpError{400, "the maximum allowed cpu-shares is " + std::to_string(kCpuSharesMax)};
    }
    if (shares >= 0) return static_cast<std::uint64_t>(shares);
    throw HttpError{400, "invalid CPU shares (" + std::to_string(shares) +
                             "): value must be a positive integer"};
}

static std::string plan_cpuset(const JsonReader& host) {
    std::string list = host.get_string("CpusetCpus");
    if (list.empty()) return list;
    const std::string shown = printable(list);
    try {
        parse_cpu_list(list);
    } catch (const std::exception&) {
        throw HttpError{400,
                        "Invalid value " + shown + " for cpuset cpus: invalid format: " + shown};
    }
    std::string online = read_file("/sys/devices/system/cpu/online");
    while (online.ends_with('\n')) online.pop_back();
    try {
        check_cpus(list, online);
    } catch (const std::exception&) {
        throw HttpError{400, "Requested CPUs are not available - requested " + shown +
                                 ", available: " + online};
    }
    return list;
}

LimitsSpec plan_limits(const JsonReader& host) {
    LimitsSpec limits;
    limits.memory_bytes = plan_memory(host);
    plan_cpu(host, limits);
    limits.cpu_shares = plan_shares(host);
    limits.cpuset = plan_cpuset(host);
    limits.pids =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, host.get_integer("PidsLimit")));
    return limits;
}
