// The options that stage 3 brings and stages 4 and 5 take too.
#pragma once

#include <string>
#include <vector>

#include "common/options.hpp"
#include "stage3-namespaces/explain.hpp"
#include "stage3-namespaces/namespaces.hpp"

struct IsolationOptions {
    NamespaceSet namespaces;  // CLONE_NEW... flags: what is wanted, without what is shared
    NamespaceSet shared = 0;
    std::string hostname = "container";
    bool init = false;
    bool quiet = false;
    Explaining explain = Explaining::off;

    bool has(NamespaceSet kind) const { return (namespaces & kind) != 0; }

    // All namespaces but time; a user namespace only where there is no root to do without.
    IsolationOptions();

    // In any order, and as often as one likes: what is shared once stays so.
    void want(NamespaceSet kinds) { namespaces = kinds & ~shared; }
    void share(NamespaceSet kinds) {
        shared |= kinds;
        namespaces &= ~kinds;
    }
};

// The table for parse_options; it writes into `options`, which must outlive it.
std::vector<Option> isolation_option_table(IsolationOptions& options);
