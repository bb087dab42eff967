// ps.
#include <time.h>

#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/client/lists.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/client/table.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr std::size_t kCommandWidth = 20;

static constexpr ListColumn kColumns[] = {
    {"ID", "CONTAINER ID"},    {"Image", "IMAGE"},
    {"Command", "COMMAND"},    {"CreatedAt", "CREATED AT"},
    {"RunningFor", "CREATED"}, {"Status", "STATUS"},
    {"State", "STATE"},        {"Ports", "PORTS"},
    {"Names", "NAMES"},        {"Size", "SIZE"},
    {"Labels", "LABELS"},      {"Mounts", "MOUNTS"},
    {"Networks", "NETWORKS"},  {"LocalVolumes", "LOCAL VOLUMES"}};

struct ListRequest {
    bool all = false;
    bool latest = false;
    bool quiet = false;
    bool size = false;
    bool no_trunc = false;
    std::string last, format;
    std::vector<std::string> filters;
};

// As Go's %q shows it: what stands in the command can't be taken for what stands around it.
static std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char letter : text) {
        switch (letter) {
            case '"': result += "\\\""; break;
            case '\\': result += "\\\\"; break;
            case '\n': result += "\\n"; break;
            case '\r': result += "\\r"; break;
            case '\t': result += "\\t"; break;
            default: result += letter;
        }
    }
    return result + "\"";
}

static std::string names_text(const JsonReader& container) {
    std::string text;
    for (const auto& name : container.get_strings("Names")) {
        if (!text.empty()) text += ',';
        text += name.starts_with('/') ? name.substr(1) : name;
    }
    return text;
}

// "0.0.0.0:8080->80/tcp, 81/tcp"
static std::string ports_text(const JsonReader& container) {
    std::string text;
    for (const auto& port : container.get_objects("Ports")) {
        if (!text.empty()) text += ", ";
        const auto outside = port.get_integer("PublicPort");
        if (outside != 0) {
            text += port.get_string("IP") + ":" + std::to_string(outside) + "->";
        }
        text += std::to_string(port.get_integer("PrivatePort")) + "/" + port.get_string("Type");
    }
    return text;
}

static std::string mounts_text(const JsonReader& container) {
    std::string text;
    for (const auto& mount : container.get_objects("Mounts")) {
        const std::string name = mount.get_string("Name");
        if (!text.empty()) text += ',';
        text += name.empty() ? mount.get_string("Source") : name;
    }
    return text;
}

static std::string networks_text(const JsonReader& container) {
    std::string mode = container.get_object("HostConfig").get_string("NetworkMode");
    const Json* networks = container.get_object("NetworkSettings").find("Networks");
    if (networks == nullptr || !networks->is_object() || networks->as_object().empty()) return mode;
    std::string text;
    for (const JsonMember& network : networks->as_object()) {
        text.append(text.empty() ? "" : ",").append(network.name);
    }
    return text;
}

static std::string size_of(const JsonReader& container) {
    std::string text = size_text(container.get_integer("SizeRw"));
    const auto whole = container.get_integer("SizeRootFs");
    if (whole > 0) text += " (virtual " + size_text(whole) + ")";
    return text;
}

static Json row_of(const JsonReader& container, const ListRequest& request,
                   const ListFormat& format) {
    std::string command = container.get_string("Command");
    if (!request.no_trunc) command = shortened(command, kCommandWidth);
    const auto created = container.get_integer("Created");
    Json row = Json::object({
        {"Command", quoted(command)},
        {"CreatedAt", date_text(created)},
        {"ID", id_text(container.get_string("Id"), request.no_trunc)},
        {"Image", container.get_string("Image")},
        {"Labels", labels_text(container)},
        {"LocalVolumes", "0"},
        {"Mounts", mounts_text(container)},
        {"Names", names_text(container)},
        {"Networks", networks_text(container)},
        {"Ports", ports_text(container)},
        {"RunningFor", ago_text(created)},
        {"Size", size_of(container)},
        {"State", container.get_string("State")},
        {"Status", container.get_string("Status")},
    });
    if (format.calls("Label")) add_label_function(container, row);
    return row;
}

static ListRequest parse_list_request(const Command& command) {
    ListRequest request;
    const auto rest = command.parse(
        {"[OPTIONS]", "Lists the containers that run; with --all those that have ended too.",
         "ps -a --filter status=exited --format '{{.Names}} {{.Status}}'"},
        {switch_option("-a --all", "those that do not run, too", request.all),
         switch_option("-q --quiet", "only their ids", request.quiet),
         switch_option("-s --size", "how much each has written", request.size),
         switch_option("--no-trunc", "whole ids and commands", request.no_trunc),
         {"-n --last", "N", "the N made last, in any state",
          [&](std::string_view text) {
              request.last = std::to_string(parse_number(text, "--last", -1, 1'000'000));
          }},
         switch_option("-l --latest", "the one made last, in any state", request.latest),
         filter_option(request.filters),
         format_option(request.format)});
    if (!rest.operands.empty()) {
        throw command.usage_error("unexpected argument " + printable(rest.operands[0]));
    }
    if (request.latest) request.last = "1";
    if (request.last == "-1") request.last.clear();
    return request;
}

static std::string default_table(const Command& command, const ListRequest& request) {
    const bool with_image = command.program().takes_image;
    std::string table = with_image ? "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t"
                                     "{{.Status}}\t{{.Ports}}\t{{.Names}}"
                                   : "{{.ID}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t"
                                     "{{.Names}}";
    return request.size ? table + "\t{{.Size}}" : table;
}

int run_command_ps(const Command& command) {
    const ListRequest request = parse_list_request(command);
    const ListFormat format{request.format, default_table(command, request)};
    ApiTarget target{"/containers/json"};
    target.with_flag("all", request.all).with_text("limit", request.last);
    target.with_flag("size", request.size || (!request.quiet && format.needs("Size")));
    target.with_text("filters", filters_text(request.filters));
    const Json wrapped = Json::object({{"list", command.api().get(target)}});
    const auto containers = JsonReader{wrapped}.get_objects("list");
    if (request.quiet) {
        std::string ids;
        for (const auto& container : containers) {
            ids += printable(id_text(container.get_string("Id"), request.no_trunc)) + "\n";
        }
        print(ids);
        return 0;
    }
    std::vector<Json> rows;
    for (const auto& container : containers) rows.push_back(row_of(container, request, format));
    print(format.text(kColumns, rows, request.no_trunc));
    return 0;
}
