#include "stage6-daemon-shim/core/shim/container_spec.hpp"

#include <algorithm>
#include <cstdlib>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

Spec read_spec(const ContainerDir& directory) {
    try {
        const JsonLimits limits{.bytes_max = kConfigBytesMax};
        const Json config = parse_json(directory.read(kConfigFile, kConfigBytesMax), limits);
        const Json* const spec = config.find("spec");
        if (spec == nullptr) throw Failure{"no spec in it"};
        return parse_spec(*spec);
    } catch (const std::exception& error) {
        throw Failure{std::string{"corrupt state: "} + kConfigFile + ": " + error.what()};
    }
}

LogLimits log_limits_of(const Spec& spec) {
    const JsonReader annotations = JsonReader{spec.document}.get_object("annotations");
    const auto number = [&](const char* name) {
        return std::strtoull(annotations.get_string(name).c_str(), nullptr, 10);
    };
    const auto files = std::clamp(number(kLogFilesMax), 1ull, 1000ull);
    return {number(kLogBytesMax), static_cast<unsigned>(files)};
}

std::vector<std::string> bounding_capabilities(const Spec& spec) {
    const JsonReader process = JsonReader{spec.document}.get_object("process");
    return process.get_object("capabilities").get_strings("bounding");
}

static void withhold(Json& process, const std::vector<std::string>& names) {
    if (process.find("capabilities") == nullptr) return;
    Json& sets = process["capabilities"];
    for (const char* set : {"bounding", "effective", "permitted"}) {
        auto left = JsonReader{sets}.get_strings(set);
        std::erase_if(
            left, [&](const auto& name) { return std::ranges::find(names, name) != names.end(); });
        sets[set] = Json::array(left);
    }
}

Spec spec_of_exec(const Spec& container, std::string_view request,
                  const std::vector<std::string>& withheld_capabilities) {
    const Json asked = parse_json(request);
    Json document = container.document;
    if (const Json* process = asked.find("process")) document["process"] = *process;
    withhold(document["process"], withheld_capabilities);
    for (const auto& [name, value] : JsonReader{asked}.get_string_map("annotations")) {
        document["annotations"][name] = value;
    }
    return parse_spec(document);
}
