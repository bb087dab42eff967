#include <sys/resource.h>

#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/runtime/steps.hpp"

struct Resource {
    std::string_view name;
    int number;
};

static constexpr Resource kResources[] = {{"RLIMIT_AS", RLIMIT_AS},
                                          {"RLIMIT_CORE", RLIMIT_CORE},
                                          {"RLIMIT_CPU", RLIMIT_CPU},
                                          {"RLIMIT_DATA", RLIMIT_DATA},
                                          {"RLIMIT_FSIZE", RLIMIT_FSIZE},
                                          {"RLIMIT_LOCKS", RLIMIT_LOCKS},
                                          {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
                                          {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
                                          {"RLIMIT_NICE", RLIMIT_NICE},
                                          {"RLIMIT_NOFILE", RLIMIT_NOFILE},
                                          {"RLIMIT_NPROC", RLIMIT_NPROC},
                                          {"RLIMIT_RSS", RLIMIT_RSS},
                                          {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
                                          {"RLIMIT_RTTIME", RLIMIT_RTTIME},
                                          {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
                                          {"RLIMIT_STACK", RLIMIT_STACK}};

bool is_resource_limit(const std::string& type) {
    return std::ranges::any_of(kResources, [&](const auto& known) { return known.name == type; });
}

static int number_of(const std::string& name) {
    for (const auto& resource : kResources) {
        if (resource.name == name) return resource.number;
    }
    throw Failure{"no resource limit is called " + printable(name)};
}

void set_resource_limits(const std::vector<ResourceLimitSpec>& limits) {
    for (const ResourceLimitSpec& limit : limits) {
        const auto resource = static_cast<__rlimit_resource_t>(number_of(limit.type));
        rlimit wanted{limit.soft, limit.hard};
        if (::setrlimit(resource, &wanted) == 0) continue;
        if (errno != EPERM) throw SystemError{errno, "setrlimit", limit.type};
        // A hard limit is raised by nobody without privileges: then as far as we may.
        rlimit own{};
        check(::getrlimit(resource, &own), "getrlimit", limit.type);
        wanted.rlim_max = std::min(wanted.rlim_max, own.rlim_max);
        wanted.rlim_cur = std::min(wanted.rlim_cur, wanted.rlim_max);
        check(::setrlimit(resource, &wanted), "setrlimit", limit.type);
    }
}
