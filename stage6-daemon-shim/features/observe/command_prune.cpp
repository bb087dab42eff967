// container prune, system prune and system df.
#include <cstdio>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/lists.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/features/observe/observe_in_client.hpp"

struct PruneRequest {
    bool force = false;
    bool all = false;
    std::vector<std::string> filters;
};

static PruneRequest parse_prune(const Command& command, const CommandHelp& help, bool has_all) {
    PruneRequest request;
    std::vector<Option> options = {
        switch_option("-f --force", "do not ask", request.force),
        {"--filter", "KEY=VALUE", "only those that match: until=24h, label=a, label!=b",
         filter_option(request.filters).apply}};
    if (has_all) {
        options.push_back(
            switch_option("-a --all", "images that no container uses, too", request.all));
    }
    const auto line = command.parse(help, options);
    if (!line.operands.empty()) {
        throw command.usage_error("unexpected argument " + printable(line.operands[0]));
    }
    return request;
}

struct Pruned {
    std::string text{};
    std::int64_t bytes = 0;
};

static Pruned prune_containers(const Command& command, const PruneRequest& request) {
    const auto target =
        ApiTarget{"/containers/prune"}.with_text("filters", filters_text(request.filters));
    const Json answer = parse_json(command.api().request("POST", target).body);
    const JsonReader result{answer};
    Pruned pruned{.bytes = result.get_integer("SpaceReclaimed")};
    for (const auto& id : result.get_strings("ContainersDeleted")) {
        pruned.text += printable(id) + "\n";
    }
    if (!pruned.text.empty()) pruned.text = "Deleted Containers:\n" + pruned.text + "\n";
    return pruned;
}

static Pruned prune_images(const Command& command, const PruneRequest& request) {
    auto filters = request.filters;
    filters.push_back(request.all ? "dangling=false" : "dangling=true");
    const auto target = ApiTarget{"/images/prune"}.with("filters", filters_text(filters));
    const Json answer = parse_json(command.api().request("POST", target).body);
    const JsonReader result{answer};
    Pruned pruned{.bytes = result.get_integer("SpaceReclaimed")};
    for (const auto& change : result.get_objects("ImagesDeleted")) {
        const std::string untagged = change.get_string("Untagged");
        pruned.text += untagged.empty() ? "deleted: " + printable(change.get_string("Deleted"))
                                        : "untagged: " + printable(untagged);
        pruned.text += "\n";
    }
    if (!pruned.text.empty()) pruned.text = "Deleted Images:\n" + pruned.text + "\n";
    return pruned;
}

static void print_total(std::int64_t bytes) {
    print("Total reclaimed space: " + size_text(bytes) + "\n");
}

int run_command_container_prune(const Command& command) {
    const PruneRequest request = parse_prune(
        command, {"[OPTIONS]", "Removes all containers that do not run.", "container prune -f"},
        false);
    if (!request.force && !is_confirmed("WARNING! This will remove all stopped containers.")) {
        return 0;
    }
    const Pruned pruned = prune_containers(command, request);
    print(pruned.text);
    print_total(pruned.bytes);
    return 0;
}

int run_command_system_prune(const Command& command) {
    const PruneRequest request = parse_prune(
        command,
        {"[OPTIONS]",
         "Removes all containers that do not run, and images without a name; with --all also\n"
         "images that no container uses.",
         "system prune -f"},
        true);
    const std::string images = request.all
                                   ? "  - all images without at least one container associated to "
                                     "them\n"
                                   : "  - all dangling images\n";
    if (!request.force && !is_confirmed("WARNING! This will remove:\n"
                                        "  - all stopped containers\n"
                                        "  - all networks not used by at least one container\n" +
                                        images)) {
        return 0;
    }
    const Pruned containers = prune_containers(command, request);
    const Pruned images_pruned = prune_images(command, request);
    print(containers.text + images_pruned.text);
    print_total(containers.bytes + images_pruned.bytes);
    return 0;
}

// --- system df ----------------------------------------------------------------------------------

static constexpr ListColumn kColumns[] = {{"Type", "TYPE"},
                                          {"TotalCount", "TOTAL"},
                                          {"Active", "ACTIVE"},
                                          {"Size", "SIZE"},
                                          {"Reclaimable", "RECLAIMABLE"}};

// How many there are, how many are in use, and their bytes.
struct DiskUse {
    std::int64_t count = 0, active = 0, bytes = 0, reclaimable = 0;
};

static Json row_of(const char* type, const DiskUse& use) {
    std::string reclaimable = size_text(use.reclaimable);
    if (use.bytes > 0) {
        reclaimable += " (" + std::to_string(100 * use.reclaimable / use.bytes) + "%)";
    }
    return Json::object({{"Type", type},
                         {"TotalCount", std::to_string(use.count)},
                         {"Active", std::to_string(use.active)},
                         {"Size", size_text(use.bytes)},
                         {"Reclaimable", reclaimable}});
}

static DiskUse use_of_containers(const JsonReader& all) {
    DiskUse use;
    for (const auto& container : all.get_objects("Containers")) {
        const std::string state = container.get_string("State");
        const bool active = state == "running" || state == "paused" || state == "restarting";
        const auto bytes = container.get_integer("SizeRw");
        ++use.count;
        use.active += active ? 1 : 0;
        use.bytes += bytes;
        use.reclaimable += active ? 0 : bytes;
    }
    return use;
}

static DiskUse use_of_images(const JsonReader& all) {
    DiskUse use;
    for (const auto& image : all.get_objects("Images")) {
        bool active = image.get_integer("Containers") > 0;
        for (const auto& container : all.get_objects("Containers")) {
            active = active || container.get_string("ImageID") == image.get_string("Id");
        }
        const auto bytes = image.get_integer("Size");
        ++use.count;
        use.active += active ? 1 : 0;
        use.bytes += bytes;
        use.reclaimable += active ? 0 : bytes;
    }
    return use;
}

int run_command_system_df(const Command& command) {
    std::string format_text;
    const auto line = command.parse(
        {"[OPTIONS]", "Shows what images and containers take on the disk.", "system df"},
        {format_option(format_text)});
    if (!line.operands.empty()) {
        throw command.usage_error("unexpected argument " + printable(line.operands[0]));
    }
    const ListFormat format{format_text,
                            "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}"};
    const Json answer = command.api().get(ApiTarget{"/system/df"});
    const JsonReader all{answer};
    const std::vector<Json> rows = {row_of("Images", use_of_images(all)),
                                    row_of("Containers", use_of_containers(all)),
                                    row_of("Local Volumes", {}), row_of("Build Cache", {})};
    print(format.text(kColumns, rows, false));
    return 0;
}
