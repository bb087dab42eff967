#include "stage6-daemon-shim/core/daemon/not_built_in.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// Fields that are read elsewhere, and those that are only passed on by inspect.
static constexpr std::string_view kConfigFields[] = {
    "AttachStdin", "AttachStdout", "AttachStderr", "OpenStdin",    "StdinOnce",  "Env",
    "Cmd",         "Image",        "WorkingDir",   "Entrypoint",   "Labels",     "Hostname",
    "StopSignal",  "StopTimeout",  "Volumes",      "ExposedPorts", "HostConfig", "NetworkingConfig",
    "OnBuild"};
static constexpr std::string_view kHostFields[] = {
    "AutoRemove", "Memory",    "NanoCpus",  "CpuShares",   "CpuQuota",       "CpuPeriod",
    "CpusetCpus", "PidsLimit", "Isolation", "NetworkMode", "ConsoleSize",    "Annotations",
    "Binds",      "Mounts",    "LogConfig", "Init",        "ContainerIDFile"};

// Fields whose default is not zero, and the words that ask for nothing.
struct Default {
    std::string_view field;
    std::string_view values[3];
};
static constexpr Default kDefaults[] = {
    {"RestartPolicy",
     {R"({"Name":"no","MaximumRetryCount":0})", R"({"Name":"","MaximumRetryCount":0})",
      R"({"Name":"no"})"}},
    {"MemorySwappiness", {"-1", "-1", "-1"}},
    {"CgroupnsMode", {R"("private")", R"("private")", R"("private")"}},
    {"IpcMode", {R"("private")", R"("private")", R"("private")"}},
    {"ShmSize", {"67108864", "67108864", "67108864"}},
    {"Healthcheck", {R"({"Test":["NONE"]})", "null", "null"}},
    {"User", {R"("root")", R"("0")", R"("0:0")"}},
};

static bool asks_for_nothing(const Json& value) {
    switch (value.kind()) {
        case Json::Kind::null: return true;
        case Json::Kind::boolean: return !value.as_bool();
        case Json::Kind::integer: return value.as_integer() == 0;
        case Json::Kind::number: return value.as_number() == 0;
        case Json::Kind::string: return value.as_string().empty();
        case Json::Kind::array: return value.as_array().empty();
        case Json::Kind::object: return value.as_object().empty();
    }
    return false;
}

bool is_default(const JsonMember& member) {
    if (asks_for_nothing(member.value)) return true;
    const std::string text = member.value.text();
    for (const Default& known : kDefaults) {
        if (known.field != member.name) continue;
        return std::find(std::begin(known.values), std::end(known.values), text) !=
               std::end(known.values);
    }
    return false;
}

static bool is_in(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

// `of_features` picks one of a feature's two lists.
static void check_fields(const Json& object, std::span<const std::string_view> known,
                         std::span<const DaemonFeature> features,
                         std::span<const std::string_view> DaemonFeature::*of_features,
                         const std::string& path) {
    for (const JsonMember& member : object.as_object()) {
        const bool read = is_in(known, member.name) ||
                          std::ranges::any_of(features, [&](const DaemonFeature& feature) {
                              return is_in(feature.*of_features, member.name);
                          });
        if (read || is_default(member)) continue;
        throw HttpError{400, path + member.name + ": not built in"};
    }
}

static void check_network(const std::string& mode) {
    if (mode.empty() || mode == "default" || mode == "none" || mode == "host") return;
    throw HttpError{400, "network " + mode + " is not built in: there are none and host"};
}

void refuse_what_is_not_built_in(const Json& body, std::span<const DaemonFeature> features) {
    const JsonReader reader{body};
    check_fields(body, kConfigFields, features, &DaemonFeature::config_fields, "");
    const Json* host = reader.find("HostConfig");
    if (host == nullptr) return;
    check_fields(*host, kHostFields, features, &DaemonFeature::host_fields, "HostConfig.");
    check_network(reader.get_object("HostConfig").get_string("NetworkMode"));
}
