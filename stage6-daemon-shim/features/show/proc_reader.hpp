// What /proc says of other processes (proc(5)). A process that has ended meanwhile, or that is not
// ours to look at, reads as empty.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

struct ProcessView {
    pid_t pid = 0;  // 0: there is none
    pid_t parent = 0;
    std::vector<pid_t> inner;  // its numbers from our namespace inwards, the first is `pid`
    std::string command;       // its arguments, or [name] where it shows none
    unsigned depth = 0;        // below the process that was asked for
};

ProcessView view_process(pid_t pid);

// All that descend from it, each behind its parent, by number; without the process itself.
std::vector<ProcessView> descendants_of(pid_t pid);

// "pid:[4026531836]", the link /proc/PID/ns/pid; "" where it cannot be read.
std::string namespace_of(pid_t pid, const std::string& name);

struct CgroupView {
    std::string controllers;  // "memory", "cpu,cpuacct"; "v2" of the unified tree
    std::string path;
};
std::vector<CgroupView> cgroups_of(pid_t pid);

struct MountView {
    std::string place, type;
    bool is_read_only = false;
};
std::vector<MountView> mounts_of(pid_t pid);

struct DescriptorView {
    int number = -1;
    std::string target;  // "/dev/null", "socket:[123]"
};
std::vector<DescriptorView> descriptors_of(pid_t pid);
