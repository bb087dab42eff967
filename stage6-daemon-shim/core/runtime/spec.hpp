// What is to be launched, in the form of the OCI runtime specification (config.md of
// github.com/opencontainers/runtime-spec): those parts of it that we use, and in `annotations` what
// it has no word for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "stage3-namespaces/namespaces.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

struct UserSpec {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> additional_groups;
};

struct ResourceLimitSpec {
    std::string type;  // "RLIMIT_NOFILE"
    std::uint64_t soft = 0, hard = 0;
};

struct ProcessSpec {
    std::vector<std::string> args;
    std::vector<std::string> env;  // "NAME=value"
    std::string cwd = "/";
    UserSpec user;
    bool terminal = false;
    unsigned short console_rows = 0, console_columns = 0;  // of the terminal, 0: not known
    int oom_score_adj = 0;
    std::vector<ResourceLimitSpec> rlimits{};  // what is not named is inherited
};

// An option of a bind whose source is made, as a directory, where it is missing.
inline constexpr const char* kMakeSource = "x-make-source";

// proc, sys, dev and what belongs in them are always there; these come on top, in this order.
struct MountSpec {
    std::string destination;
    std::string type;  // "bind" or "tmpfs"
    std::string source;
    std::vector<std::string> options;  // "ro"
};

// 0: none.
struct LimitsSpec {
    std::uint64_t memory_bytes = 0;
    std::uint64_t cpu_quota_microseconds = 0;
    std::uint64_t cpu_period_microseconds = 0;
    std::uint64_t cpu_shares = 0;  // of a busy CPU: others have 1024
    std::string cpuset{};          // "0-2,5": these processors
    std::uint64_t pids = 0;

    bool operator==(const LimitsSpec&) const = default;
};

// Layers that are mounted as one root; without any, the root is root_path as it is.
struct OverlaySpec {
    std::vector<std::string> lower;  // directories, the uppermost first
    std::string upper, work;         // made where they are missing
    // Nothing of it need ever reach the disk, since it is removed with the container.
    bool is_volatile = false;
};

// Which users outside those of a user namespace are: 0 and those after it are `uid` and those after
// it. Size 0: no map of its own; without root 0 is the caller, and there is no other.
struct UserMapSpec {
    uid_t uid = 0;
    gid_t gid = 0;
    std::uint32_t size = 0;
};

struct Spec {
    ProcessSpec process;
    std::string root_path;  // a directory: the root, or the place where the overlay is mounted
    bool root_is_read_only = false;
    std::string hostname;
    std::vector<MountSpec> mounts;
    NamespaceSet namespaces = 0;  // of its own
    LimitsSpec limits;
    UserMapSpec user_map;  // with a user namespace

    // Annotations, "slipway.isolation" and so on.
    bool isolated = true;                  // false: a plain process, no root, no namespaces
    OverlaySpec overlay;                   // slipway.overlay.lower, .upper, .work, .volatile
    std::vector<std::string> directories;  // slipway.directories: made in the root if missing
    std::vector<std::string> cgroups;      // slipway.cgroups: all that cgroup_directories named
    bool open_stdin = false;               // slipway.stdin: a pipe, and not /dev/null
    bool init = false;                     // slipway.init: a small init as process 1
    std::string explain;  // slipway.explain: "lines", or "steps PID FD": asking at that terminal

    // All of it: a feature reads its own fields here, and adds them here.
    Json document;
};

// Whether "RLIMIT_NOFILE" and the like is one that we know.
bool is_resource_limit(const std::string& type);

// Throws JsonError that names the field. Fields that we do not know stay in `document`.
Spec parse_spec(const Json& json);

// The document, with our fields as they are in `spec`.
Json to_json(const Spec& spec);
