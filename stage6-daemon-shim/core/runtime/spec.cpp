#include "stage6-daemon-shim/core/runtime/spec.hpp"

#include <linux/sched.h>

#include <algorithm>
#include <limits>

#include "stage6-daemon-shim/core/json/reader.hpp"

struct NamespaceName {
    std::string_view name;  // as the specification calls it
    NamespaceSet flag;
};

static constexpr NamespaceName kNamespaceNames[] = {
    {"pid", CLONE_NEWPID},      {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},
    {"ipc", CLONE_NEWIPC},      {"uts", CLONE_NEWUTS},     {"user", CLONE_NEWUSER},
    {"cgroup", CLONE_NEWCGROUP}};

static constexpr const char* kVersionOfSpecification = "1.0.2";

// --- reading ------------------------------------------------------------------------------------

static std::uint64_t amount(const JsonReader& object, std::string_view name) {
    const std::int64_t number = object.get_integer(name);
    return number > 0 ? static_cast<std::uint64_t>(number) : 0;  // the specification's -1: none
}

// RLIM_INFINITY is 2^64 - 1, which JSON's whole numbers of ours do not reach: there it is -1.
static std::uint64_t limit_value(const JsonReader& limit, std::string_view name) {
    if (!limit.has(name)) limit.fail(name, "missing");
    return static_cast<std::uint64_t>(limit.get_integer(name));
}

static std::uint32_t user_number(const JsonReader& object, std::string_view name,
                                 std::int64_t number) {
    // The last one means "leave it as it is" to setresuid(2).
    if (number < 0 || number >= std::numeric_limits<std::uint32_t>::max()) {
        object.fail(name, "expected 0 to 4294967294");
    }
    return static_cast<std::uint32_t>(number);
}

static UserSpec parse_user(const JsonReader& json) {
    UserSpec user;
    user.uid = user_number(json, "uid", json.get_integer("uid"));
    user.gid = user_number(json, "gid", json.get_integer("gid"));
    const Json* const groups = json.find("additionalGids");
    if (groups == nullptr) return user;
    if (!groups->is_array()) json.fail("additionalGids", "expected an array");
    for (const Json& group : groups->as_array()) {
        if (group.kind() != Json::Kind::integer) json.fail("additionalGids", "expected numbers");
        user.additional_groups.push_back(user_number(json, "additionalGids", group.as_integer()));
    }
    return user;
}

static ProcessSpec parse_process(const JsonReader& json) {
    ProcessSpec process;
    process.args = json.get_strings("args");
    if (process.args.empty()) json.fail("args", "expected a command");
    process.env = json.get_strings("env");
    process.cwd = json.get_string("cwd", "/");
    process.user = parse_user(json.get_object("user"));
    process.terminal = json.get_bool("terminal");
    const JsonReader console = json.get_object("consoleSize");
    process.console_rows = static_cast<unsigned short>(console.get_integer("height"));
    process.console_columns = static_cast<unsigned short>(console.get_integer("width"));
    const std::int64_t score = json.get_integer("oomScoreAdj");
    if (score < -1000 || score > 1000) json.fail("oomScoreAdj", "expected -1000 to 1000");
    process.oom_score_adj = static_cast<int>(score);
    for (const JsonReader& limit : json.get_objects("rlimits")) {
        process.rlimits.push_back(
            {limit.get_string("type"), limit_value(limit, "soft"), limit_value(limit, "hard")});
    }
    return process;
}

static NamespaceSet parse_namespaces(const JsonReader& linux_part) {
    NamespaceSet set = 0;
    for (const JsonReader& one : linux_part.get_objects("namespaces")) {
        const std::string type = one.get_string("type");
        const NamespaceSet before = set;
        for (const auto& known : kNamespaceNames) {
            if (known.name == type) set |= known.flag;
        }
        if (set == before) one.fail("type", "no namespace of this name, or it came twice");
        if (one.has("path")) one.fail("path", "joining a namespace is not supported");
    }
    return set;
}

static LimitsSpec parse_limits(const JsonReader& resources) {
    const JsonReader cpu = resources.get_object("cpu");
    return {.memory_bytes = amount(resources.get_object("memory"), "limit"),
            .cpu_quota_microseconds = amount(cpu, "quota"),
            .cpu_period_microseconds = amount(cpu, "period"),
            .cpu_shares = amount(cpu, "shares"),
            .cpuset = cpu.get_string("cpus"),
            .pids = amount(resources.get_object("pids"), "limit")};
}

// The specification allows many ranges; we know of one that begins at 0.
static std::uint32_t parse_map(const JsonReader& linux_part, const char* name,
                               std::uint32_t& outside) {
    const auto ranges = linux_part.get_objects(name);
    if (ranges.empty()) return 0;
    const JsonReader& range = ranges[0];
    const std::int64_t size = range.get_integer("size");
    const std::int64_t host = range.get_integer("hostID");
    const bool good = ranges.size() == 1 && range.get_integer("containerID") == 0 && size > 0 &&
                      host >= 0 && host + size <= std::numeric_limits<std::uint32_t>::max();
    if (!good) linux_part.fail(name, "expected one range that begins at 0");
    outside = static_cast<std::uint32_t>(host);
    return static_cast<std::uint32_t>(size);
}

static UserMapSpec parse_user_map(const JsonReader& linux_part) {
    UserMapSpec map;
    map.size = parse_map(linux_part, "uidMappings", map.uid);
    if (parse_map(linux_part, "gidMappings", map.gid) != map.size) {
        linux_part.fail("gidMappings", "expected as many as uidMappings");
    }
    return map;
}

// An annotation is one string; a list has one element a line.
static std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (end > 0) lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

static void parse_annotations(const JsonReader& json, Spec& spec) {
    const std::string isolation = json.get_string("slipway.isolation", "default");
    if (isolation != "default" && isolation != "none") {
        json.fail("slipway.isolation", "expected default or none");
    }
    spec.isolated = isolation == "default";
    spec.overlay.lower = lines_of(json.get_string("slipway.overlay.lower"));
    spec.overlay.upper = json.get_string("slipway.overlay.upper");
    spec.overlay.work = json.get_string("slipway.overlay.work");
    spec.overlay.is_volatile = json.get_string("slipway.overlay.volatile") == "true";
    spec.directories = lines_of(json.get_string("slipway.directories"));
    spec.cgroups = lines_of(json.get_string("slipway.cgroups"));
    spec.open_stdin = json.get_string("slipway.stdin") == "open";
    spec.init = json.get_string("slipway.init") == "true";
    spec.explain = json.get_string("slipway.explain");
}

Spec parse_spec(const Json& json) {
    const JsonReader object{json, "spec"};
    const JsonReader linux_part = object.get_object("linux");
    const JsonReader root = object.get_object("root");
    Spec spec;
    spec.process = parse_process(object.get_object("process"));
    spec.root_path = root.get_string("path");
    spec.root_is_read_only = root.get_bool("readonly");
    spec.hostname = object.get_string("hostname");
    for (const JsonReader& one : object.get_objects("mounts")) {
        spec.mounts.push_back({one.get_string("destination"), one.get_string("type"),
                               one.get_string("source"), one.get_strings("options")});
    }
    spec.namespaces = parse_namespaces(linux_part);
    spec.limits = parse_limits(linux_part.get_object("resources"));
    spec.user_map = parse_user_map(linux_part);
    if (spec.user_map.size != 0 && !(spec.namespaces & CLONE_NEWUSER)) {
        linux_part.fail("uidMappings", "need a user namespace");
    }
    parse_annotations(object.get_object("annotations"), spec);
    if (spec.isolated && spec.root_path.empty()) root.fail("path", "missing");
    if (spec.isolated && !(spec.namespaces & CLONE_NEWNS)) {
        linux_part.fail("namespaces", "a root of its own needs a mount namespace");
    }
    if (!spec.isolated && spec.namespaces != 0) {
        linux_part.fail("namespaces", "none without isolation");
    }
    spec.document = json;
    return spec;
}

// --- writing ------------------------------------------------------------------------------------

static void write_process(Json& json, const ProcessSpec& process) {
    json["args"] = Json::array(process.args);
    json["env"] = Json::array(process.env);
    json["cwd"] = process.cwd;
    json["terminal"] = process.terminal;
    if (process.console_rows != 0) {
        json["consoleSize"]["height"] = process.console_rows;
        json["consoleSize"]["width"] = process.console_columns;
    }
    json["oomScoreAdj"] = process.oom_score_adj;
    Json limits = Json::array();
    for (const ResourceLimitSpec& limit : process.rlimits) {
        limits.push_back(Json::object({{"type", limit.type},
                                       {"soft", static_cast<std::int64_t>(limit.soft)},
                                       {"hard", static_cast<std::int64_t>(limit.hard)}}));
    }
    json["rlimits"] = std::move(limits);
    Json& user = json["user"];
    user["uid"] = process.user.uid;
    user["gid"] = process.user.gid;
    Json groups = Json::array();
    for (const gid_t group : process.user.additional_groups) groups.push_back(group);
    user["additionalGids"] = std::move(groups);
}

static Json map_json(std::uint32_t outside, std::uint32_t size) {
    return Json::array({Json::object({{"containerID", 0}, {"hostID", outside}, {"size", size}})});
}

static void write_linux(Json& json, const Spec& spec) {
    Json namespaces = Json::array();
    for (const auto& known : kNamespaceNames) {
        if (spec.namespaces & known.flag) {
            namespaces.push_back(Json::object({{"type", known.name}}));
        }
    }
    json["namespaces"] = std::move(namespaces);
    if (spec.user_map.size != 0) {
        json["uidMappings"] = map_json(spec.user_map.uid, spec.user_map.size);
        json["gidMappings"] = map_json(spec.user_map.gid, spec.user_map.size);
    }
    const LimitsSpec& limits = spec.limits;
    Json& resources = json["resources"];
    if (limits.memory_bytes != 0) resources["memory"]["limit"] = limits.memory_bytes;
    if (limits.pids != 0) resources["pids"]["limit"] = limits.pids;
    if (limits.cpu_shares != 0) resources["cpu"]["shares"] = limits.cpu_shares;
    if (!limits.cpuset.empty()) resources["cpu"]["cpus"] = limits.cpuset;
    if (limits.cpu_quota_microseconds == 0) return;
    resources["cpu"]["quota"] = limits.cpu_quota_microseconds;
    resources["cpu"]["period"] = limits.cpu_period_microseconds;
}

static std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

static void write_annotations(Json& json, const Spec& spec) {
    json["slipway.isolation"] = spec.isolated ? "default" : "none";
    if (!spec.overlay.lower.empty()) {
        json["slipway.overlay.lower"] = joined(spec.overlay.lower);
        json["slipway.overlay.upper"] = spec.overlay.upper;
        json["slipway.overlay.work"] = spec.overlay.work;
        if (spec.overlay.is_volatile) json["slipway.overlay.volatile"] = "true";
    }
    if (!spec.directories.empty()) json["slipway.directories"] = joined(spec.directories);
    if (!spec.cgroups.empty()) json["slipway.cgroups"] = joined(spec.cgroups);
    if (spec.open_stdin) json["slipway.stdin"] = "open";
    if (spec.init) json["slipway.init"] = "true";
    if (!spec.explain.empty()) json["slipway.explain"] = spec.explain;
}

Json to_json(const Spec& spec) {
    Json json = spec.document;
    json["ociVersion"] = kVersionOfSpecification;
    write_process(json["process"], spec.process);
    json["root"]["path"] = spec.root_path;
    json["root"]["readonly"] = spec.root_is_read_only;
    if (!spec.hostname.empty()) json["hostname"] = spec.hostname;
    Json mounts = Json::array();
    for (const MountSpec& mount : spec.mounts) {
        mounts.push_back(Json::object({{"destination", mount.destination},
                                       {"type", mount.type},
                                       {"source", mount.source},
                                       {"options", Json::array(mount.options)}}));
    }
    json["mounts"] = std::move(mounts);
    write_linux(json["linux"], spec);
    write_annotations(json["annotations"], spec);
    return json;
}
