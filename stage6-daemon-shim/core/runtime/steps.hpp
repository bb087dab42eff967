// The steps of a launch that are the core's own, in their order; see launch.cpp.
#pragma once

#include "stage6-daemon-shim/core/runtime/launch.hpp"

void join_cgroup(Launch& launch);          // 3
void hide_cgroup_tree(Launch& launch);     // 4
void keep_mounts_private(Launch& launch);  // 5
void mount_root(Launch& launch);           // 6
void mount_inside_root(Launch& launch);    // 7
void enter_root(Launch& launch);           // 8
void name_and_loopback(Launch& launch);    // 10
void prepare_process(Launch& launch);      // 11
void take_identity(Launch& launch);        // 12
void clean_inheritance(Launch& launch);    // 15
void become_program(Launch& launch);       // 16

// The core's steps and the features', in the order of their numbers, up to 15.
void run_steps(Launch& launch, std::span<const LaunchStep> feature_steps, int first);

// A part of step 11. One that may not be raised so far is raised as far as it may. setrlimit(2).
void set_resource_limits(const std::vector<ResourceLimitSpec>& limits);

// A part of step 11. Lowering it takes privileges; without them it stays.
void set_oom_score(int score);

// In the parent: with a user map, pipes are given to the mapped root. /dev/stdout is opened anew by
// name, so it must be the container's own.
void hand_over_streams(const Streams& streams, const UserMapSpec& map);

// A part of step 7: what the spec mounts on top, in its order; a bind mount or a tmpfs each.
// `opened`: the binds' mounts where the parent has opened them, or none.
void mount_all(int root, const std::vector<MountSpec>& mounts, const std::vector<Fd>& opened);
bool is_read_only(const MountSpec& mount);

// Step 6 for a root of several layers: their overlay, mounted nowhere yet. overlayfs in the
// kernel's Documentation/filesystems.
Fd new_overlay(const OverlaySpec& overlay, bool in_user_namespace);
