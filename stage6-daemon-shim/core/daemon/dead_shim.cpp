#include "stage6-daemon-shim/core/daemon/dead_shim.hpp"

#include <signal.h>

#include "common/error.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/records.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

std::vector<std::string> cgroups_of(const Container& container) {
    const JsonReader spec = JsonReader{container.config}.get_object("spec");
    const Json* const groups = spec.get_object("annotations").find("slipway.cgroups");
    if (groups == nullptr || !groups->is_string()) return {};
    return words_of(groups->as_string(), "\n");
}

// What a plain process has left behind where no cgroup could be made: its group. The group keeps
// the leader's number taken, so a process of another start time under that number says that the
// group has gone.
static void kill_group(const ProcessIdentity& leader, const std::string& boot) {
    if (leader.pid <= 1 || boot != boot_id()) return;
    try {
        if (identity_of(leader.pid) != leader) return;
    } catch (const SystemError&) {
        // The leader has ended; the others may live.
    }
    ::killpg(leader.pid, SIGKILL);
}

void kill_what_is_left(const Container& container, unsigned number) {
    const auto started = read_started(ContainerDir::open(container.directory), number);
    if (!started) return;
    kill_group(started->container, started->boot);
    kill_process(started->container, started->boot);
}
