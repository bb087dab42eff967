// seccomp profiles: any JSON is refused by name, or means rules that the kernel takes; what it
// means is decided once, and stands in the spec as it is.
#include "stage6-daemon-shim/features/isolation/seccomp_profile.hpp"

#include <linux/filter.h>

#include "tests/fuzz/fuzz.hpp"

static void check_profile(const Json& resolved) {
    hold(compile_filter(parse_seccomp(resolved)).size() <= BPF_MAXINSNS, "the kernel takes it");
    hold(resolve_profile(resolved, 0) == resolved, "what was decided is decided");
    hold(parse_json(resolved.text()) == resolved, "it can be written into the spec");
}

void check_input(std::string_view input) {
    for (const CapabilitySet capabilities : {CapabilitySet{0}, ~CapabilitySet{0}}) {
        try {
            check_profile(resolve_profile(parse_json(input), capabilities));
        } catch (const JsonError&) {
            continue;
        }
    }
}
