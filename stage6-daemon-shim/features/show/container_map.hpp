// A container as /proc shows it from outside: who keeps it, who lives in it, what it sees and what
// limits it. For `slipway map`.
#pragma once

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/features/show/proc_reader.hpp"

struct NamespaceView {
    std::string name, link;
    // Whether it is not the one of who looks. Where the link can't be read both are not known.
    bool is_different = false;
};

struct ContainerMap {
    std::string name, id, image, status;
    ProcessView daemon, shim;
    pid_t first_process = 0;
    std::vector<ProcessView> processes;  // below the shim
    std::vector<NamespaceView> namespaces;
    std::vector<CgroupView> cgroups;  // those of one path together
    std::vector<MountView> mounts;
    std::vector<DescriptorView> descriptors;  // of the shim
};

// `inspected` is the API's answer. Throws Failure when the container has no process, or when its
// processes are not to be seen from here (another machine, another PID namespace).
ContainerMap map_container(const Json& inspected, pid_t daemon);

// Lines that text and figure have in common.
std::string title_of(const ContainerMap& map);
std::string shim_text(const ContainerMap& map);        // "child of the daemon"
std::string process_text(const ProcessView& process);  // "4711 (inside 1)  sh -c ..."
std::vector<std::string> cgroup_lines(const ContainerMap& map);
std::vector<std::string> mount_lines(const ContainerMap& map);  // one line a type
std::vector<std::string> descriptor_lines(const ContainerMap& map);

std::string map_as_text(const ContainerMap& map);
std::string map_as_svg(const ContainerMap& map);
