#include "stage6-daemon-shim/core/daemon/image_defaults.hpp"

#include <algorithm>

#include "stage6-daemon-shim/core/json/reader.hpp"

static void add_variables(Json& body, const JsonReader& image) {
    std::vector<std::string> all = JsonReader{body}.get_strings("Env");
    for (const auto& entry : image.get_strings("Env")) {
        const std::string name = entry.substr(0, entry.find('='));
        const bool asked = std::ranges::any_of(
            all, [&](const auto& other) { return other.substr(0, other.find('=')) == name; });
        if (!asked) all.push_back(entry);
    }
    if (!all.empty()) body["Env"] = Json::array(all);
}

// Members of an object that the request does not have.
static void add_members(Json& body, const Json& image, std::string_view name) {
    const Json* theirs = image.find(name);
    if (theirs == nullptr || !theirs->is_object()) return;
    for (const JsonMember& member : theirs->as_object()) {
        const Json* ours = body.find(name);
        if (ours != nullptr && ours->find(member.name) != nullptr) continue;
        body[name][member.name] = member.value;
    }
}

static void add_command(Json& body, const JsonReader& image) {
    const JsonReader request{body};
    const auto entrypoint = request.get_words("Entrypoint");
    if (!entrypoint.empty()) {
        if (entrypoint.size() == 1 && entrypoint[0].empty()) body["Entrypoint"] = nullptr;
        return;
    }
    const bool has_command = !request.get_words("Cmd").empty();
    const auto their_command = image.get_words("Cmd");
    const auto their_entrypoint = image.get_words("Entrypoint");
    if (!has_command && !their_command.empty()) body["Cmd"] = Json::array(their_command);
    if (!their_entrypoint.empty()) body["Entrypoint"] = Json::array(their_entrypoint);
}

// Each field that the request leaves out, also beside a command of its own.
static void add_healthcheck(Json& body, const Json& image) {
    const Json* theirs = image.find("Healthcheck");
    if (theirs == nullptr || !theirs->is_object()) return;
    const JsonReader asked = JsonReader{body}.get_object("Healthcheck");
    Json merged = *theirs;
    for (const char* field : {"Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"}) {
        if (asked.get_integer(field) != 0) merged[field] = asked.get_integer(field);
    }
    const auto test = asked.get_strings("Test");
    if (!test.empty()) merged["Test"] = Json::array(test);
    body["Healthcheck"] = std::move(merged);
}

Json with_image_defaults(Json body, const Json& image_config) {
    const JsonReader image{image_config};
    add_command(body, image);
    add_variables(body, image);
    add_healthcheck(body, image_config);
    add_members(body, image_config, "Labels");
    add_members(body, image_config, "ExposedPorts");
    for (const char* name : {"User", "WorkingDir", "StopSignal"}) {
        const std::string theirs = image.get_string(name);
        if (JsonReader{body}.get_string(name).empty() && !theirs.empty()) body[name] = theirs;
    }
    return body;
}
