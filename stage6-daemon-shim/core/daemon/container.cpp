#include "stage6-daemon-shim/core/daemon/container.hpp"

#include <cstdlib>

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

void Container::take_config(Json whole) {
    config = std::move(whole);
    const JsonReader resources =
        JsonReader{config}.get_object("spec").get_object("linux").get_object("resources");
    if (resources.has("devices")) config["spec"]["linux"]["resources"]["devices"] = Json::array();
}

bool Container::auto_remove() const {
    return JsonReader{config}.get_object("HostConfig").get_bool("AutoRemove");
}

bool Container::has_terminal() const {
    return JsonReader{config}.get_object("Config").get_bool("Tty");
}

bool must_act(const Container& container, Verb verb, const std::string& as_given) {
    const Verdict verdict = judge(container.judged_state(), verb, container.id, as_given);
    if (verdict.status >= 400) throw HttpError{verdict.status, verdict.message};
    return verdict.status == 0;
}

// go-units' HumanDuration, which Docker's texts are made with.
static std::string duration_text(std::int64_t seconds) {
    const auto minutes = seconds / 60;
    const auto hours = (minutes + 30) / 60;
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return std::to_string(seconds) + " seconds";
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return std::to_string(minutes) + " minutes";
    if (hours == 1) return "About an hour";
    if (hours < 48) return std::to_string(hours) + " hours";
    if (hours < 24 * 14) return std::to_string(hours / 24) + " days";
    if (hours < 24 * 60) return std::to_string(hours / 24 / 7) + " weeks";
    if (hours < 24 * 365 * 2) return std::to_string(hours / 24 / 30) + " months";
    return std::to_string(hours / 24 / 365) + " years";
}

static std::string since(WallTime time) {
    return duration_text((wall_time_now() - time) / kWallSecond);
}

static std::string code_and_time(const Container& container) {
    return "(" + std::to_string(container.exit_code) + ") " + since(container.finished_at) + " ago";
}

static std::string health_note(const Container& container) {
    if (container.health.empty()) return {};
    return container.health == "starting" ? " (health: starting)" : " (" + container.health + ")";
}

std::string status_text(const Container& container) {
    switch (container.state) {
        case State::created: return "Created";
        case State::running: return "Up " + since(container.started_at) + health_note(container);
        case State::paused: return "Up " + since(container.started_at) + " (Paused)";
        case State::restarting: return "Restarting " + code_and_time(container);
        case State::exited: return "Exited " + code_and_time(container);
        case State::removing: return "Removal In Progress";
        case State::dead: return "Dead";
    }
    std::abort();
}

// The command in one line; Docker puts single quotes around a word with a blank.
static std::string command_text(const JsonReader& config) {
    std::string text = config.get_string("Path");
    for (const auto& word : config.get_strings("Args")) {
        const bool quoted = word.empty() || word.find(' ') != std::string::npos;
        text.append(quoted ? " '" + word + "'" : " " + word);
    }
    return text;
}

static Json mounts_of(const JsonReader& config) {
    const Json* mounts = config.find("Mounts");
    return mounts == nullptr ? Json::array() : *mounts;
}

static std::string network_of(const JsonReader& config) {
    return config.get_object("HostConfig").get_string("NetworkMode");
}

// The one network that it is in, by name. Neither none nor host gives anybody an address.
static Json networks_of(const JsonReader& config) {
    Json networks = Json::object();
    const std::string name = network_of(config);
    if (name.empty()) return networks;
    Json& endpoint = networks[name];
    for (const char* field : {"IPAMConfig", "Links", "Aliases", "DriverOpts", "DNSNames"}) {
        endpoint[field] = nullptr;
    }
    for (const char* field : {"NetworkID", "EndpointID", "Gateway", "IPAddress", "MacAddress",
                              "IPv6Gateway", "GlobalIPv6Address"}) {
        endpoint[field] = "";
    }
    for (const char* field : {"IPPrefixLen", "GlobalIPv6PrefixLen"}) endpoint[field] = 0;
    return networks;
}

Json summary_of(const Container& container) {
    const JsonReader config{container.config};
    const JsonReader asked = config.get_object("Config");
    const Json* labels = asked.find("Labels");
    return Json::object({
        {"Id", container.id},
        {"Names", Json::array({"/" + container.name})},
        {"Image", asked.get_string("Image")},
        {"ImageID", config.get_string("Image")},
        {"Command", command_text(config)},
        {"Created", container.created_at / kWallSecond},
        {"Ports", Json::array()},
        {"Labels", labels == nullptr ? Json::object() : *labels},
        {"State", name_of(container.state)},
        {"Status", status_text(container)},
        {"HostConfig", Json::object({{"NetworkMode", network_of(config)}})},
        {"NetworkSettings", Json::object({{"Networks", networks_of(config)}})},
        {"Mounts", mounts_of(config)},
    });
}

// The summary's text around the values that change, which are names, state and status in this
// order. An update of its limits is not in it.
static std::vector<std::string> lasting_text(const Container& container) {
    std::vector<std::string> pieces = {"{"};
    const Json summary = summary_of(container);
    for (const JsonMember& member : summary.as_object()) {
        if (&member != &summary.as_object().front()) pieces.back() += ',';
        append_json_string(pieces.back(), member.name);
        pieces.back() += ':';
        const bool changes =
            member.name == "Names" || member.name == "State" || member.name == "Status";
        if (changes) {
            pieces.emplace_back();
        } else {
            member.value.append_to(pieces.back());
        }
    }
    pieces.back() += '}';
    return pieces;
}

void append_summary(Container& container, std::string& output) {
    if (container.listed.empty()) container.listed = lasting_text(container);
    output += container.listed.at(0);
    Json::array({"/" + container.name}).append_to(output);
    output += container.listed.at(1);
    append_json_string(output, name_of(container.state));
    output += container.listed.at(2);
    append_json_string(output, status_text(container));
    output += container.listed.at(3);
}

static Json state_of(const Container& container) {
    return Json::object({
        {"Status", name_of(container.state)},
        {"Running", counts_as_running(container.state)},
        {"Paused", container.state == State::paused},
        {"Restarting", container.state == State::restarting},
        {"OOMKilled", container.out_of_memory},
        {"Dead", container.state == State::dead},
        {"Pid", is_alive(container.state) ? container.pid : 0},
        {"ExitCode", container.exit_code},
        {"Error", container.error},
        {"StartedAt", time_text(container.started_at)},
        {"FinishedAt", time_text(container.finished_at)},
    });
}

Json inspection_of(const Container& container) {
    const JsonReader config{container.config};
    const auto member = [&](std::string_view name) {
        const Json* value = config.find(name);
        return value == nullptr ? Json::object() : *value;
    };
    return Json::object({
        {"Id", container.id},
        {"Created", time_text(container.created_at)},
        {"Path", config.get_string("Path")},
        {"Args", Json::array(config.get_strings("Args"))},
        {"State", state_of(container)},
        {"Image", config.get_string("Image")},
        {"ResolvConfPath", ""},
        {"HostnamePath", ""},
        {"HostsPath", ""},
        {"LogPath", container.directory + "/log"},
        {"Name", "/" + container.name},
        {"RestartCount", container.restart_count},
        {"Driver", config.get_string("Driver")},
        {"Platform", "linux"},
        {"MountLabel", ""},
        {"ProcessLabel", ""},
        {"AppArmorProfile", ""},
        {"ExecIDs", nullptr},
        {"HostConfig", member("HostConfig")},
        {"GraphDriver", Json::object({{"Name", config.get_string("Driver")}, {"Data", nullptr}})},
        {"Mounts", mounts_of(config)},
        {"Config", member("Config")},
        {"NetworkSettings",
         Json::object({{"Ports", Json::object()}, {"Networks", networks_of(config)}})},
    });
}
