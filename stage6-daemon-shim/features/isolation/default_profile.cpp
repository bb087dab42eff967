#include "stage6-daemon-shim/features/isolation/default_profile.hpp"

#include <linux/personality.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/socket.h>

#include <cerrno>

#include "stage6-daemon-shim/features/isolation/system_calls.hpp"

using Operator = ArgumentCheck::Operator;

static void add(SeccompRules& rules, std::string_view name, std::vector<ArgumentCheck> checks = {},
                std::uint32_t action = SECCOMP_RET_ALLOW) {
    const auto number = number_of_system_call(name);
    if (number) rules.rules.push_back({*number, action, std::move(checks)});
}

// Every new namespace, the cgroup one and the user one among them.
static constexpr std::uint64_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                                CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                                CLONE_NEWNET;

static void add_clone(SeccompRules& rules) {
    add(rules, "clone", {{0, Operator::masked, 0, kNewNamespaces}});
    // A filter cannot look through clone3's pointer. ENOSYS makes C libraries fall back to clone.
    add(rules, "clone3", {}, fail_with(ENOSYS));
}

// Left out are families in which holes in the kernel were found and that no program in a container
// needs (AF_ALG, AF_VSOCK, AF_IRDA ...), and those that are newer than the last one here.
static void add_socket(SeccompRules& rules) {
    struct Range {
        std::uint64_t first, last;
    };
    static constexpr Range kFamilies[] = {
        {PF_UNSPEC, PF_ROSE}, {PF_NETBEUI, PF_ASH},       {PF_RDS, PF_SNA}, {PF_PPPOX, PF_PPPOX},
        {PF_LLC, PF_RXRPC},   {PF_PHONET, PF_IEEE802154}, {PF_NFC, PF_NFC}, {PF_KCM, PF_MCTP}};
    for (const auto [first, last] : kFamilies) {
        add(rules, "socket",
            {{0, Operator::greater_or_equal, first}, {0, Operator::less_or_equal, last}});
    }
}

static void add_personality(SeccompRules& rules) {
    static constexpr std::uint64_t kQuery = 0xffffffff;
    for (const std::uint64_t value :
         {std::uint64_t{PER_LINUX}, std::uint64_t{PER_LINUX32}, std::uint64_t{UNAME26},
          std::uint64_t{UNAME26} | std::uint64_t{PER_LINUX32}, kQuery}) {
        add(rules, "personality", {{0, Operator::equal, value}});
    }
}

SeccompRules default_profile(CapabilitySet capabilities) {
    SeccompRules rules{fail_with(EPERM), {}};
    for (const auto name : calls_for_everybody()) add(rules, name);
    for (const auto& [capability, calls] : calls_of_capabilities()) {
        if (!(capabilities & parse_capability(std::string{capability}))) continue;
        for (const auto name : calls) add(rules, name);
    }
    add_socket(rules);
    add_personality(rules);
    if (!(capabilities & parse_capability("SYS_ADMIN"))) add_clone(rules);
    return rules;
}
