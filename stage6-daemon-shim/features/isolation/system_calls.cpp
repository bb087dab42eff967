#include "stage6-daemon-shim/features/isolation/system_calls.hpp"

#include <algorithm>

static int number_here(const SystemCall& call) {
#if defined(__x86_64__)
    return call.x86_64;
#elif defined(__aarch64__)
    return call.aarch64;
#else
#error "the numbers of this machine's system calls are not in system_calls_table.cpp"
#endif
}

std::optional<unsigned> number_of_system_call(std::string_view name) {
    const auto all = system_calls();
    const auto found = std::ranges::lower_bound(all, name, {}, &SystemCall::name);
    if (found == all.end() || found->name != name || number_here(*found) < 0) return {};
    return static_cast<unsigned>(number_here(*found));
}

unsigned last_system_call() {
    int last = 0;
    for (const SystemCall& call : system_calls()) last = std::max(last, number_here(call));
    return static_cast<unsigned>(last);
}
