// The options that stage 4 brings and stage 5 takes too.
#pragma once

#include <string>
#include <vector>

#include "common/options.hpp"
#include "stage3-namespaces/isolation_options.hpp"
#include "stage4-chroot/binds.hpp"
#include "stage4-chroot/enter_root.hpp"

struct RootOptions {
    std::string rootfs;  // a directory of the host
    bool read_only = false;
    bool use_chroot = false;  // as the articles do, instead of pivot_root
    std::vector<Bind> binds;
    std::string working_directory = "/";
};

// The table for parse_options; it writes into `options` and `environment` (entries "NAME=value"),
// which must outlive it.
std::vector<Option> root_option_table(RootOptions& options, std::vector<std::string>& environment);

// What stage 4 cannot do without. Throws UsageError when --only or --share took it away.
void check_root_options(const IsolationOptions& isolation);

RootContext root_context(const IsolationOptions& isolation);

// The environment inside: PATH, HOSTNAME, HOME and TERM, then the caller's `extra` entries, of
// which a later one replaces an earlier. Nothing else of ours: it may hold secrets.
std::vector<std::string> container_environment(const std::string& hostname,
                                               const std::vector<std::string>& extra);
