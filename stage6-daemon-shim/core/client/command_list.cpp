// ps and images.
#include <time.h>

#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/client/table.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr std::size_t kShortIdLength = 12;
static constexpr std::size_t kCommandWidth = 20;

struct ListRequest {
    bool all = false;
    bool latest = false;
    bool quiet = false;
    bool no_trunc = false;
    std::string last;
    std::vector<std::string> filters;
};

static Option filter_option(std::vector<std::string>& filters) {
    return {"-f --filter", "KEY=VALUE", "only those that match: status=exited, name=web",
            [&filters](std::string_view text) {
                if (text.find('=') == std::string_view::npos) {
                    throw UsageError{"--filter " + printable(text) + ": expected KEY=VALUE"};
                }
                filters.emplace_back(text);
            }};
}

// {"status":{"exited":true}}, as Docker's client sends it.
static std::string filters_text(const std::vector<std::string>& filters) {
    if (filters.empty()) return {};
    Json json = Json::object();
    for (const auto& filter : filters) {
        const auto equals = filter.find('=');
        json[filter.substr(0, equals)][filter.substr(equals + 1)] = true;
    }
    return json.text();
}

static std::string ago(std::int64_t created) {
    return duration_text(static_cast<std::int64_t>(::time(nullptr)) - created) + " ago";
}

static std::string id_text(const std::string& id, bool no_trunc) {
    return no_trunc ? id : id.substr(0, kShortIdLength);
}

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

static std::vector<std::string> row_of(const JsonReader& container, const ListRequest& request,
                                       bool with_image) {
    std::string command = container.get_string("Command");
    if (!request.no_trunc) command = shortened(command, kCommandWidth);
    std::vector<std::string> row = {id_text(container.get_string("Id"), request.no_trunc)};
    if (with_image) row.push_back(container.get_string("Image"));
    row.insert(row.end(), {quoted(command), ago(container.get_integer("Created")),
                           container.get_string("Status")});
    if (with_image) row.push_back(ports_text(container));
    row.push_back(names_text(container));
    return row;
}

static ListRequest parse_list_request(const Command& command) {
    ListRequest request;
    const auto rest = command.parse(
        {"[OPTIONS]", "Lists the containers that run; with --all those that have ended too."},
        {switch_option("-a --all", "those that do not run, too", request.all),
         switch_option("-q --quiet", "only their ids", request.quiet),
         switch_option("--no-trunc", "whole ids and commands", request.no_trunc),
         {"-n --last", "N", "the N made last, in any state",
          [&](std::string_view text) {
              request.last = std::to_string(parse_number(text, "--last", -1, 1'000'000));
          }},
         switch_option("-l --latest", "the one made last, in any state", request.latest),
         filter_option(request.filters)});
    if (!rest.operands.empty()) {
        throw command.usage_error("unexpected argument " + printable(rest.operands[0]));
    }
    if (request.latest) request.last = "1";
    if (request.last == "-1") request.last.clear();
    return request;
}

int run_command_ps(const Command& command) {
    const ListRequest request = parse_list_request(command);
    ApiTarget target{"/containers/json"};
    target.with_flag("all", request.all).with_text("limit", request.last);
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
    const bool with_image = command.program().takes_image;
    Table table{with_image ? std::vector<std::string>{"CONTAINER ID", "IMAGE", "COMMAND", "CREATED",
                                                      "STATUS", "PORTS", "NAMES"}
                           : std::vector<std::string>{"CONTAINER ID", "COMMAND", "CREATED",
                                                      "STATUS", "NAMES"}};
    for (const auto& container : containers) {
        table.add(row_of(container, request, with_image));
    }
    print(table.text(request.no_trunc ? 0 : terminal_width()));
    return 0;
}

static void add_image_rows(const JsonReader& image, bool no_trunc, Table& table, std::string& ids) {
    std::string id = image.get_string("Id");
    if (!no_trunc && id.starts_with("sha256:")) id.erase(0, 7);
    id = id_text(id, no_trunc);
    ids += printable(id) + "\n";
    auto tags = image.get_strings("RepoTags");
    if (tags.empty()) tags.push_back("<none>:<none>");
    for (const auto& reference : tags) {
        const auto colon = reference.rfind(':');
        const bool has_tag = colon != std::string::npos;
        table.add({reference.substr(0, colon), has_tag ? reference.substr(colon + 1) : "<none>", id,
                   ago(image.get_integer("Created")), size_text(image.get_integer("Size"))});
    }
}

int run_command_images(const Command& command) {
    bool all = false;
    bool quiet = false;
    bool no_trunc = false;
    std::vector<std::string> filters;
    const auto rest =
        command.parse({"[OPTIONS]", "Lists the images that containers can be made from."},
                      {switch_option("-a --all", "those without a name, too", all),
                       switch_option("-q --quiet", "only their ids", quiet),
                       switch_option("--no-trunc", "whole ids", no_trunc), filter_option(filters)});
    if (!rest.operands.empty()) filters.push_back("reference=" + rest.operands[0]);
    ApiTarget target{"/images/json"};
    target.with_flag("all", all).with_text("filters", filters_text(filters));
    const Json wrapped = Json::object({{"list", command.api().get(target)}});
    Table table{{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}};
    std::string ids;
    for (const auto& image : JsonReader{wrapped}.get_objects("list")) {
        add_image_rows(image, no_trunc, table, ids);
    }
    print(quiet ? ids : table.text(no_trunc ? 0 : terminal_width()));
    return 0;
}
