#include "stage6-daemon-shim/features/isolation/capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string_view>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

// By their numbers, from 0.
static constexpr std::string_view kNames[] = {"CHOWN",
                                              "DAC_OVERRIDE",
                                              "DAC_READ_SEARCH",
                                              "FOWNER",
                                              "FSETID",
                                              "KILL",
                                              "SETGID",
                                              "SETUID",
                                              "SETPCAP",
                                              "LINUX_IMMUTABLE",
                                              "NET_BIND_SERVICE",
                                              "NET_BROADCAST",
                                              "NET_ADMIN",
                                              "NET_RAW",
                                              "IPC_LOCK",
                                              "IPC_OWNER",
                                              "SYS_MODULE",
                                              "SYS_RAWIO",
                                              "SYS_CHROOT",
                                              "SYS_PTRACE",
                                              "SYS_PACCT",
                                              "SYS_ADMIN",
                                              "SYS_BOOT",
                                              "SYS_NICE",
                                              "SYS_RESOURCE",
                                              "SYS_TIME",
                                              "SYS_TTY_CONFIG",
                                              "MKNOD",
                                              "LEASE",
                                              "AUDIT_WRITE",
                                              "AUDIT_CONTROL",
                                              "SETFCAP",
                                              "MAC_OVERRIDE",
                                              "MAC_ADMIN",
                                              "SYSLOG",
                                              "WAKE_ALARM",
                                              "BLOCK_SUSPEND",
                                              "AUDIT_READ",
                                              "PERFMON",
                                              "BPF",
                                              "CHECKPOINT_RESTORE"};

static constexpr CapabilitySet bit(int number) {
    return CapabilitySet{1} << number;
}

static constexpr CapabilitySet kDefault =
    bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FSETID) | bit(CAP_FOWNER) | bit(CAP_MKNOD) |
    bit(CAP_NET_RAW) | bit(CAP_SETGID) | bit(CAP_SETUID) | bit(CAP_SETFCAP) | bit(CAP_SETPCAP) |
    bit(CAP_NET_BIND_SERVICE) | bit(CAP_SYS_CHROOT) | bit(CAP_KILL) | bit(CAP_AUDIT_WRITE);

static constexpr int kNumberMax = 63;

CapabilitySet own_capabilities() {
    CapabilitySet set = 0;
    // The kernel may know more of them than we have names for, or fewer: then it says EINVAL.
    for (int number = 0; number <= kNumberMax; ++number) {
        if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) set |= bit(number);
    }
    return set;
}

CapabilitySet parse_capability(const std::string& name) {
    std::string upper = name;
    for (char& letter : upper) {
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    }
    if (upper == "ALL" || upper == "CAP_ALL") return ~CapabilitySet{0};
    const std::string_view bare =
        upper.starts_with("CAP_") ? std::string_view{upper}.substr(4) : std::string_view{upper};
    const auto found = std::find(std::begin(kNames), std::end(kNames), bare);
    if (found == std::end(kNames)) {
        throw Failure{"unknown capability: \"CAP_" + printable(bare) + "\""};
    }
    return bit(static_cast<int>(found - std::begin(kNames)));
}

std::vector<std::string> capability_names(CapabilitySet set) {
    std::vector<std::string> names;
    for (std::size_t number = 0; number < std::size(kNames); ++number) {
        if (set & bit(static_cast<int>(number)))
            names.push_back("CAP_" + std::string{kNames[number]});
    }
    return names;
}

static CapabilitySet parse_all(const std::vector<std::string>& names, bool& has_all) {
    CapabilitySet set = 0;
    for (const auto& name : names) {
        const CapabilitySet one = parse_capability(name);
        if (one == ~CapabilitySet{0}) {
            has_all = true;
        } else {
            set |= one;
        }
    }
    return set;
}

CapabilitySet chosen_capabilities(const std::vector<std::string>& added,
                                  const std::vector<std::string>& dropped) {
    bool add_all = false, drop_all = false;
    const CapabilitySet add = parse_all(added, add_all);
    const CapabilitySet drop = parse_all(dropped, drop_all);
    const CapabilitySet base = drop_all ? 0 : add_all ? ~CapabilitySet{0} : kDefault;
    return ((base | add) & ~(drop_all ? drop & ~add : drop)) & own_capabilities();
}

// --- the steps ----------------------------------------------------------------------------------

// capget(2) and capset(2) have no function in the C library.
static void set_capabilities(CapabilitySet effective, CapabilitySet permitted) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    for (int half = 0; half < 2; ++half) {
        data[half].effective = static_cast<std::uint32_t>(effective >> (32 * half));
        data[half].permitted = static_cast<std::uint32_t>(permitted >> (32 * half));
    }
    check(::syscall(SYS_capset, &header, data), "capset");
}

static CapabilitySet permitted_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    check(::syscall(SYS_capget, &header, data), "capget");
    return data[0].permitted | CapabilitySet{data[1].permitted} << 32;
}

// A spec that says nothing about them is one of before this feature, or a plain process.
static const Json* wanted(const Launch& launch) {
    if (!launch.spec.isolated) return nullptr;
    const Json* const process = launch.spec.document.find("process");
    return process == nullptr ? nullptr : process->find("capabilities");
}

void keep_capabilities(Launch& launch) {
    if (wanted(launch) != nullptr) check(::prctl(PR_SET_KEEPCAPS, 1), "prctl", "PR_SET_KEEPCAPS");
}

void raise_capabilities(Launch& launch) {
    if (wanted(launch) == nullptr) return;
    const CapabilitySet permitted = permitted_capabilities();
    set_capabilities(permitted, permitted);
}

void drop_capabilities(Launch& launch) {
    const Json* const wanted_sets = wanted(launch);
    if (wanted_sets == nullptr) return;
    CapabilitySet bounding = 0;
    for (const auto& name :
         JsonReader{*wanted_sets, "process.capabilities"}.get_strings("bounding")) {
        bounding |= parse_capability(name);
    }
    // First what could be had by executing a file, while CAP_SETPCAP is still ours.
    for (int number = 0; number <= kNumberMax; ++number) {
        if ((bounding & bit(number)) || ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) != 1) continue;
        check(::prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "prctl", "PR_CAPBSET_DROP");
    }
    check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl", "PR_CAP_AMBIENT");
    // For root they are what is left over; whoever is not root has none.
    const CapabilitySet left = launch.user.uid == 0 ? bounding & permitted_capabilities() : 0;
    set_capabilities(left, left);
}
