#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/features/isolation/default_profile.hpp"
#include "stage6-daemon-shim/features/isolation/seccomp_profile.hpp"

static void install(const SeccompRules& rules) {
    std::vector<sock_filter> program = compile_filter(rules);
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    check(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), "seccomp", "the filter");
}

void install_filter(Launch& launch) {
    const JsonReader spec{launch.spec.document, "spec"};
    if (const Json* own = spec.get_object("linux").find("seccomp")) {
        return install(parse_seccomp(*own));
    }
    if (spec.get_object("annotations").get_string(kSeccompAnnotation) != "default") return;
    CapabilitySet capabilities = 0;
    const JsonReader process = spec.get_object("process");
    for (const auto& name : process.get_object("capabilities").get_strings("bounding")) {
        capabilities |= parse_capability(name);
    }
    install(default_profile(capabilities));
}
