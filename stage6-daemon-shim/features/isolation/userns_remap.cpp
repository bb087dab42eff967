#include "stage6-daemon-shim/features/isolation/userns_remap.hpp"

#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "stage3-namespaces/child_report.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "stage6-daemon-shim/core/runtime/user_map.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::uint32_t kIds = 65536;  // as many as a container's programs know of
static constexpr long kIdMax = (1L << 32) - 2 - kIds;

static UserMapSpec parse_remap(std::string_view text) {
    const auto colon = std::min(text.find(':'), text.size());
    const std::string_view group = colon == text.size() ? text : text.substr(colon + 1);
    const auto number = [](std::string_view part) {
        return static_cast<std::uint32_t>(
            parse_number(part, "--userns-remap", kMappedIdMin, kIdMax));
    };
    return {number(text.substr(0, colon)), number(group), kIds};
}

std::vector<Option> userns_options(DaemonOptions& options) {
    return {{"--userns-remap", "UID[:GID]",
             "containers' users are these and the 65535 after them (off; try 100000)",
             [&options](std::string_view text) { options.user_map = parse_remap(text); }}};
}

// --- what this machine can ----------------------------------------------------------------------

[[noreturn]] static void try_root(const OutsideMounts& outside, ChildReport& report) noexcept {
    try {
        report.wait_for_parent();
        become_mapped_root();
        make_mounts_private();
        const Fd root = attach_outside_root(outside);
        struct stat status {};
        check(::fstatat(root.get(), "file", &status, 0), "stat", "a file of the layer");
        if (status.st_uid != 0) throw Failure{"the layer's owners are not mapped"};
    } catch (const std::exception& error) {
        report.give_up(error);
    }
    ::_exit(0);
}

static void try_remapped_overlay(const std::string& place, const UserMapSpec& map) {
    for (const char* part : {"", "/lower", "/lower/file", "/upper", "/work"}) {
        check(::mkdir((place + part).c_str(), 0755), "mkdir", place + part);
    }
    Spec spec;
    spec.user_map = map;
    spec.overlay = {{place + "/lower"}, place + "/upper", place + "/work"};
    hand_over_root(spec);
    const OutsideMounts outside = open_outside(spec);
    ChildReport report;
    const pid_t pid = fork_into_namespaces(CLONE_NEWUSER | CLONE_NEWNS);
    if (pid == 0) try_root(outside, report);
    Child child{pid};
    write_user_map(pid, map);
    report.open_gate();
    report.expect_success();
    child.wait();
}

void begin_userns_remap(Daemon& daemon) {
    const UserMapSpec& map = daemon.options.user_map;
    if (map.size == 0) return;
    if (::geteuid() != 0) {
        throw Failure{"--userns-remap: takes root; without it a container's root is you already"};
    }
    const std::string place = daemon.options.root + "/remap-" + random_id();
    try {
        try_remapped_overlay(place, map);
    } catch (const std::exception& error) {
        daemon.overlay = false;
        if (!daemon.options.quiet) {
            print(daemon.options.program + ": --userns-remap by copies of images: " + error.what() +
                  "\n");
        }
    }
    remove_tree(place);
}

// --- what a request may ask ---------------------------------------------------------------------

void plan_userns(const JsonReader& host, Spec& spec) {
    if (spec.user_map.size == 0) return;
    if (host.get_string("UsernsMode") == "host") {
        spec.user_map = {};
        spec.namespaces &= ~NamespaceSet{CLONE_NEWUSER};
        return;
    }
    const auto refuse = [](const char* words) { throw HttpError{400, words}; };
    if (host.get_bool("Privileged")) {
        refuse(
            "privileged mode is incompatible with user namespaces.  You must run the container in "
            "the host namespace when running privileged mode");
    }
    if (!(spec.namespaces & CLONE_NEWNET)) {
        refuse("cannot share the host's network namespace when user namespaces are enabled");
    }
    if (host.get_string("PidMode") == "host") {
        refuse("cannot share the host PID namespace when user namespaces are enabled");
    }
}
