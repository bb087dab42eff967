// Which device files a container has, and which devices it may open at all: it may make files for
// others with mknod(2), and the kernel then refuses to open them. The kernel's Documentation/
// admin-guide/cgroup-v1/devices.rst, and cgroup-v2.rst, "Device controller".
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/launch.hpp"

struct DeviceRule {
    char type = 'c';             // 'c', 'b', or 'a' for both
    int major = -1, minor = -1;  // -1: any
    std::string access = "rwm";  // read, write, mknod
};

// What every container may use: Docker's list. All else is denied.
std::vector<DeviceRule> default_device_rules();

// The device at `path` of this machine, or all below it where it is a directory, as linux.devices
// entries for the place `destination`. Throws Failure with Docker's words.
std::vector<Json> devices_for(const std::string& path, const std::string& destination);

// linux.resources.devices: everything denied, then these allowed.
Json device_rules_json(const std::vector<DeviceRule>& rules);

// The program of a version 2 group that allows these and no other.
std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules);

// In the shim, before the launch: hands linux.resources.devices to the control group. Where it
// cannot be had, the container loses CAP_MKNOD instead, so that no file for a device can be made.
void apply_device_policy(Spec& spec, Cgroup* cgroup);

// Step 7: the device files of linux.devices.
void make_devices(Launch& launch);
