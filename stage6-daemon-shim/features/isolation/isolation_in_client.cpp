#include "stage6-daemon-shim/features/isolation/isolation_in_client.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"

// A field of the request, looked for anew each time: what is added beside it moves it.
static Json& host_field(Json& body, const char* field) {
    return body["HostConfig"][field];
}

// Options that are sent as they are: a field of HostConfig each.
static Option text_of(std::string_view names, std::string_view argument, std::string_view help,
                      Json& body, const char* field) {
    return {names, argument, help,
            [&body, field](std::string_view text) { host_field(body, field) = text; }};
}

static Option switch_of(std::string_view names, std::string_view help, Json& body,
                        const char* field) {
    return {names, "", help, [&body, field](std::string_view) { host_field(body, field) = true; }};
}

// One that may come several times.
static Option list_of(std::string_view names, std::string_view argument, std::string_view help,
                      Json& body, const char* field) {
    return {names, argument, help,
            [&body, field](std::string_view text) { host_field(body, field).push_back(text); }};
}

// "NAME=VALUE" as a member of an object; `separator` may be another character.
static void add_member(std::string_view text, char separator, Json& object) {
    const auto at = std::min(text.find(separator), text.size());
    object[text.substr(0, at)] = at == text.size() ? "" : text.substr(at + 1);
}

// "nofile=100:200", or one number for both limits.
static Json parse_ulimit(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
        throw UsageError{"--ulimit " + printable(text) + ": expected NAME=SOFT[:HARD]"};
    }
    const std::string_view limits = text.substr(equals + 1);
    const auto colon = std::min(limits.find(':'), limits.size());
    const auto number = [](std::string_view part) {
        constexpr long most = 1L << 62;
        return parse_number(part, "--ulimit", -1, most);
    };
    const long soft = number(limits.substr(0, colon));
    const long hard = colon == limits.size() ? soft : number(limits.substr(colon + 1));
    return Json::object({{"Name", text.substr(0, equals)}, {"Soft", soft}, {"Hard", hard}});
}

// "/dev/fuse[:/dev/other[:rwm]]".
static Json parse_device(std::string_view text) {
    const auto colon = std::min(text.find(':'), text.size());
    const std::string_view source = text.substr(0, colon);
    std::string_view place = source, access = "rwm";
    if (colon != text.size()) {
        place = text.substr(colon + 1);
        const auto second = place.find(':');
        if (second != std::string_view::npos) {
            access = place.substr(second + 1);
            place = place.substr(0, second);
        } else if (place.find_first_not_of("rwm") == std::string_view::npos) {
            access = place;
            place = source;
        }
    }
    return Json::object(
        {{"PathOnHost", source}, {"PathInContainer", place}, {"CgroupPermissions", access}});
}

// As Docker's client does, a profile is read here and sent whole.
static void add_security_option(std::string_view text, Json& body) {
    std::string option{text};
    const std::string start = "seccomp=";
    const std::string file = option.starts_with(start) ? option.substr(start.size()) : "";
    if (!file.empty() && file != "unconfined" && file != "builtin") {
        option = start + read_file(file);
    }
    host_field(body, "SecurityOpt").push_back(option);
}

static std::vector<Option> identity_options(Json& body) {
    return {
        {"-u --user", "USER[:GROUP]", "who its command runs as",
         [&body](std::string_view text) { body["User"] = text; }},
        list_of("--group-add", "GROUP", "one more group of the user's", body, "GroupAdd"),
        list_of("--cap-add", "NAME", "one more capability: NET_ADMIN, ALL", body, "CapAdd"),
        list_of("--cap-drop", "NAME", "one capability less: NET_RAW, ALL", body, "CapDrop"),
        switch_of("--privileged", "with all that the daemon may do", body, "Privileged"),
        {"--security-opt", "OPTION", "no-new-privileges, seccomp=FILE, seccomp=unconfined ...",
         [&body](std::string_view text) { add_security_option(text, body); }},
    };
}

static std::vector<Option> resource_options(Json& body) {
    return {
        switch_of("--read-only", "its root cannot be written", body, "ReadonlyRootfs"),
        {"--tmpfs", "DIR[:OPTIONS]", "a directory in memory: /tmp:size=64m,exec",
         [&body](std::string_view text) { add_member(text, ':', host_field(body, "Tmpfs")); }},
        {"--shm-size", "SIZE", "how large /dev/shm may grow (64m)",
         [&body](std::string_view text) {
             host_field(body, "ShmSize") = parse_bytes(text, "--shm-size");
         }},
        {"--device", "PATH[:PATH[:rwm]]", "a device of this machine's",
         [&body](std::string_view text) {
             host_field(body, "Devices").push_back(parse_device(text));
         }},
        {"--ulimit", "NAME=SOFT[:HARD]", "a limit of each process: nofile=1024:2048",
         [&body](std::string_view text) {
             host_field(body, "Ulimits").push_back(parse_ulimit(text));
         }},
        {"--sysctl", "NAME=VALUE", "a setting of its own kernel namespaces",
         [&body](std::string_view text) { add_member(text, '=', host_field(body, "Sysctls")); }},
        {"--oom-score-adj", "N", "who goes first when memory is short: -1000 to 1000",
         [&body](std::string_view text) {
             host_field(body, "OomScoreAdj") = parse_number(text, "--oom-score-adj", -1000, 1000);
         }},
    };
}

static std::vector<Option> sharing_options(Json& body) {
    return {
        text_of("--pid", "host", "see this machine's processes", body, "PidMode"),
        text_of("--ipc", "host", "share this machine's shared memory", body, "IpcMode"),
        text_of("--userns", "host", "no user namespace, where the daemon has one", body,
                "UsernsMode"),
        text_of("--uts", "host", "share this machine's host name", body, "UTSMode"),
        text_of("--cgroupns", "host|private", "see the whole tree of control groups", body,
                "CgroupnsMode"),
        list_of("--add-host", "NAME:ADDRESS", "a line of /etc/hosts", body, "ExtraHosts"),
        list_of("--dns", "ADDRESS", "a name server in /etc/resolv.conf", body, "Dns"),
    };
}

static std::vector<Option> isolation_options(Json& body) {
    std::vector<Option> all;
    for (const auto group : {identity_options, resource_options, sharing_options}) {
        for (Option& option : group(body)) all.push_back(std::move(option));
    }
    return all;
}

ClientFeature isolation_in_client() {
    return {isolation_options};
}
