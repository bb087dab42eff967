// Roots that the cases of stage 4 fill and run commands in.
#pragma once

#include <string>

#include "tests/stage3/container.hpp"

// Whether a program of stage 5 stands for stage 4's.
inline bool has_images() {
    return StageContainer{4}.stage() == 5;
}

// The command line that runs `command` in a root of ours, with these options, and --quiet. Where a
// program of stage 5 is checked it is that one, to which the root is its IMAGE.
inline Words in_root(const std::string& root, const Words& command, const Words& options = {}) {
    const bool is_stage5 = has_images();
    Words all{program(is_stage5 ? 5 : 4), "run", "--quiet"};
    if (!is_stage5) all.insert(all.end(), {"--rootfs", root});
    all.insert(all.end(), options.begin(), options.end());
    all.push_back(is_stage5 ? root : "--");
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

// A root that the program's `rootfs` has filled. Stage 5 brings no such verb: then we fill it.
std::string host_root(const Words& programs = {});

// Whether the host has it where host_root() looks.
bool host_has(const std::string& name);

// Every program that the articles type inside a container.
extern const Words kArticlePrograms;
