#include "stage6-daemon-shim/core/daemon/daemon_main.hpp"

#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "stage5-cgroups/delegation.hpp"
#include "stage6-daemon-shim/core/daemon/daemon.hpp"
#include "stage6-daemon-shim/core/daemon/worker.hpp"

// The shim lies beside the daemon, in build/ as in /usr/local/bin.
static std::string own_directory() {
    char path[PATH_MAX];
    const auto length =
        check(::readlink("/proc/self/exe", path, sizeof path), "read", "/proc/self/exe");
    const std::string file{path, static_cast<std::size_t>(length)};
    return file.substr(0, file.rfind('/'));
}

// Before the containers, behind the rest of the system. Who may not, stays what he is.
static void hide_from_oom_killer() {
    try {
        write_control_file("/proc/self/oom_score_adj", "-500");
    } catch (const SystemError&) {
    }
}

// Each connection is a descriptor. Returns what we were given, which is for the containers: the
// soft limit is low for the sake of programs that still use select(2).
static ResourceLimitSpec raise_descriptor_limit() {
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    ResourceLimitSpec given{"RLIMIT_NOFILE", limit.rlim_cur, limit.rlim_max};
    limit.rlim_cur = limit.rlim_max;
    check(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    return given;
}

int daemon_main(int argc, char** argv, const DaemonProgram& program,
                std::span<const DaemonFeature> features) try {
    ensure_standard_streams();
    std::vector<std::string> job;
    if (is_worker_command(arguments_of(argc, argv), job)) return worker_main(job);
    DaemonOptions defaults;
    defaults.program = program.program;
    defaults.engine_name = program.family;
    defaults.shim_program = own_directory() + "/" + program.shim;
    defaults.isolated_by_default = program.isolated_by_default;
    auto options =
        parse_daemon_options(defaults, program.family, arguments_of(argc, argv), features);
    options.descriptors = raise_descriptor_limit();
    hide_from_oom_killer();
    const MovedAside aside;  // the groups of containers come below our own, which must be empty
    return run_daemon(options, features);
} catch (const UsageError& error) {
    return report_failure(program.program, error, 2);
} catch (const std::exception& error) {
    return report_failure(program.program, error, 1);
}
