#include "stage6-daemon-shim/features/isolation/seccomp_profile.hpp"

#include <linux/seccomp.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/features/isolation/system_calls.hpp"

// --- the specification's form -------------------------------------------------------------------

struct ActionName {
    std::string_view name;
    std::uint32_t action;
};

static constexpr ActionName kActions[] = {{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
                                          {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
                                          {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
                                          {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
                                          {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
                                          {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
                                          {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
                                          {"SCMP_ACT_LOG", SECCOMP_RET_LOG}};

static std::uint32_t parse_action(const JsonReader& object, std::string_view name,
                                  std::string_view errno_name) {
    const std::string text = object.get_string(name);
    for (const auto& [known, action] : kActions) {
        if (known != text) continue;
        if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE) return action;
        const std::int64_t error = object.get_integer(errno_name, EPERM);
        if (error < 0 || error > 4095) object.fail(errno_name, "expected 0 to 4095");
        return action | static_cast<std::uint32_t>(error);
    }
    object.fail(name, "unknown action");
}

static ArgumentCheck parse_check(const JsonReader& object) {
    using Operator = ArgumentCheck::Operator;
    struct OperatorName {
        std::string_view name;
        Operator comparison;
    };
    static constexpr OperatorName kOperators[] = {
        {"SCMP_CMP_NE", Operator::not_equal},        {"SCMP_CMP_LT", Operator::less},
        {"SCMP_CMP_LE", Operator::less_or_equal},    {"SCMP_CMP_EQ", Operator::equal},
        {"SCMP_CMP_GE", Operator::greater_or_equal}, {"SCMP_CMP_GT", Operator::greater},
        {"SCMP_CMP_MASKED_EQ", Operator::masked}};
    ArgumentCheck check;
    const std::int64_t index = object.get_integer("index");
    if (index < 0 || index > 5) object.fail("index", "expected 0 to 5");
    check.index = static_cast<unsigned>(index);
    check.value = static_cast<std::uint64_t>(object.get_integer("value"));
    const std::string text = object.get_string("op");
    const auto found = std::ranges::find(kOperators, text, &OperatorName::name);
    if (found == std::end(kOperators)) object.fail("op", "unknown operator");
    check.comparison = found->comparison;
    if (check.comparison == Operator::masked) {
        check.mask = check.value;
        check.value = static_cast<std::uint64_t>(object.get_integer("valueTwo"));
    }
    return check;
}

SeccompRules parse_seccomp(const Json& seccomp) {
    const JsonReader object{seccomp, "seccomp"};
    SeccompRules rules;
    rules.otherwise = parse_action(object, "defaultAction", "defaultErrnoRet");
    for (const JsonReader& entry : object.get_objects("syscalls")) {
        std::vector<ArgumentCheck> checks;
        for (const JsonReader& check : entry.get_objects("args")) {
            checks.push_back(parse_check(check));
        }
        const std::uint32_t action = parse_action(entry, "action", "errnoRet");
        for (const auto& name : entry.get_strings("names")) {
            const auto number = number_of_system_call(name);
            if (number) rules.rules.push_back({*number, action, checks});
        }
    }
    return rules;
}

// --- Docker's form ------------------------------------------------------------------------------

#if defined(__x86_64__)
static constexpr std::string_view kMachine = "amd64";
#elif defined(__aarch64__)
static constexpr std::string_view kMachine = "arm64";
#endif

static bool names_machine(const JsonReader& condition) {
    const auto machines = condition.get_strings("arches");
    return std::ranges::find(machines, kMachine) != machines.end();
}

static bool kernel_is_at_least(const std::string& version) {
    unsigned wanted[2]{}, here[2]{};
    utsname names{};
    ::uname(&names);
    std::sscanf(version.c_str(), "%u.%u", &wanted[0], &wanted[1]);
    std::sscanf(names.release, "%u.%u", &here[0], &here[1]);
    return here[0] != wanted[0] ? here[0] > wanted[0] : here[1] >= wanted[1];
}

// Every condition that stands in "includes" must hold, and none of "excludes". A capability that we
// do not know is one that nobody has.
static bool applies(const JsonReader& entry, const std::vector<std::string>& capabilities) {
    const JsonReader includes = entry.get_object("includes"),
                     excludes = entry.get_object("excludes");
    const auto has = [&](const std::string& name) {
        return std::ranges::find(capabilities, name) != capabilities.end();
    };
    const auto needed = includes.get_strings("caps"), forbidden = excludes.get_strings("caps");
    if (!std::ranges::all_of(needed, has) || std::ranges::any_of(forbidden, has)) return false;
    if (includes.has("arches") && !includes.get_strings("arches").empty() &&
        !names_machine(includes)) {
        return false;
    }
    if (names_machine(excludes)) return false;
    const std::string kernel = includes.get_string("minKernel");
    return kernel.empty() || kernel_is_at_least(kernel);
}

Json resolve_profile(const Json& profile, CapabilitySet capabilities) {
    const JsonReader object{profile, "seccomp"};
    const auto held = capability_names(capabilities);
    Json calls = Json::array();
    if (const Json* entries = object.find("syscalls")) {
        for (const Json& entry : entries->as_array()) {
            const JsonReader reader{entry, "seccomp.syscalls"};
            if (!applies(reader, held)) continue;
            Json call = Json::object();
            for (const JsonMember& member : entry.as_object()) {
                if (member.name != "includes" && member.name != "excludes") {
                    call[member.name] = member.value;
                }
            }
            // The older form has one name in each entry.
            if (reader.has("name")) call["names"] = Json::array({reader.get_string("name")});
            calls.push_back(std::move(call));
        }
    }
    Json resolved = Json::object({{"defaultAction", object.get_string("defaultAction")}});
    if (object.has("defaultErrnoRet")) {
        resolved["defaultErrnoRet"] = object.get_integer("defaultErrnoRet");
    }
    resolved["syscalls"] = std::move(calls);
    try {
        compile_filter(parse_seccomp(resolved));  // what cannot be had is refused now, not at start
    } catch (const Failure& error) {
        throw JsonError{error.what()};
    }
    return resolved;
}
