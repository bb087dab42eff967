// The rest of what a create request asks of the isolation: namespaces that are shared, mounts in
// memory, limits of the process, settings of the kernel.
#pragma once

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"
#include "stage6-daemon-shim/features/isolation/devices.hpp"

// All throw HttpError 400 with Docker's words.

// PidMode, IpcMode, UTSMode, CgroupnsMode, UsernsMode: "host" shares the host's.
void plan_namespaces(const JsonReader& host, Spec& spec);

// ReadonlyRootfs, Tmpfs, ShmSize.
void plan_mounts(const JsonReader& host, Spec& spec);

// Ulimits, OomScoreAdj.
void plan_process_limits(const JsonReader& host, Spec& spec);

// Sysctls: only those that belong to a namespace of the container's own.
void plan_kernel_parameters(const JsonReader& host, Spec& spec);

// --device-cgroup-rule "c 1:11 rw", numbers or `*`.
DeviceRule parse_device_rule(const std::string& text);

// What of all this was asked for a process without isolation: an error that names it.
void refuse_all(const JsonReader& config, const JsonReader& host);

// "", "0", "root", "0:0" and so on.
bool is_root_by_any_name(const std::string& user);

// The machine's own resolv.conf, for a container in its network.
std::string host_resolver();
