// Images: images, import, tag, rmi, and `image inspect` and `image prune`.
#include <fcntl.h>
#include <unistd.h>

#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/commands.hpp"
#include "stage6-daemon-shim/core/client/json_lines.hpp"
#include "stage6-daemon-shim/core/client/lists.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/client/table.hpp"

static constexpr ListColumn kColumns[] = {{"Repository", "REPOSITORY"}, {"Tag", "TAG"},
                                          {"ID", "IMAGE ID"},           {"CreatedSince", "CREATED"},
                                          {"CreatedAt", "CREATED AT"},  {"Size", "SIZE"},
                                          {"Digest", "DIGEST"}};

static void add_rows(const JsonReader& image, bool no_trunc, std::vector<Json>& rows) {
    auto tags = image.get_strings("RepoTags");
    if (tags.empty()) tags.push_back("<none>:<none>");
    const auto created = image.get_integer("Created");
    for (const auto& reference : tags) {
        const auto colon = reference.rfind(':');
        const bool has_tag = colon != std::string::npos;
        rows.push_back(Json::object({
            {"Repository", reference.substr(0, colon)},
            {"Tag", has_tag ? reference.substr(colon + 1) : "<none>"},
            {"ID", id_text(image.get_string("Id"), no_trunc)},
            {"CreatedSince", ago_text(created)},
            {"CreatedAt", date_text(created)},
            {"Size", size_text(image.get_integer("Size"))},
            {"Digest", "<none>"},
        }));
    }
}

int run_command_images(const Command& command) {
    bool all = false;
    bool quiet = false;
    bool no_trunc = false;
    std::string format_text;
    std::vector<std::string> filters;
    const auto rest =
        command.parse({"[OPTIONS] [NAME]", "Lists the images that containers can be made from.",
                       "images --format '{{.Repository}}:{{.Tag}} {{.Size}}'"},
                      {switch_option("-a --all", "those without a name, too", all),
                       switch_option("-q --quiet", "only their ids", quiet),
                       switch_option("--no-trunc", "whole ids", no_trunc), filter_option(filters),
                       format_option(format_text)});
    if (rest.operands.size() > 1) {
        throw command.usage_error("unexpected argument " + printable(rest.operands[1]));
    }
    if (!rest.operands.empty()) filters.push_back("reference=" + rest.operands[0]);
    const ListFormat format{quiet ? "{{.ID}}" : format_text,
                            "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"};
    ApiTarget target{"/images/json"};
    target.with_flag("all", all).with_text("filters", filters_text(filters));
    const Json wrapped = Json::object({{"list", command.api().get(target)}});
    std::vector<Json> rows;
    for (const auto& image : JsonReader{wrapped}.get_objects("list")) {
        add_rows(image, no_trunc, rows);
    }
    print(format.text(kColumns, rows, no_trunc));
    return 0;
}

static constexpr ListColumn kHistoryColumns[] = {{"ID", "IMAGE"},
                                                 {"CreatedSince", "CREATED"},
                                                 {"CreatedAt", "CREATED AT"},
                                                 {"CreatedBy", "CREATED BY"},
                                                 {"Size", "SIZE"},
                                                 {"Comment", "COMMENT"}};

int run_command_history(const Command& command) {
    constexpr std::size_t created_by_width = 45;  // Docker's
    bool quiet = false;
    bool no_trunc = false;
    std::string format_text;
    const auto name = command.parse_names(
        {"[OPTIONS] IMAGE", "Shows what an image was made of, the newest first.", "history host"},
        {switch_option("-q --quiet", "only the ids", quiet),
         switch_option("--no-trunc", "nothing cut", no_trunc), format_option(format_text)},
        1, 1)[0];
    const ListFormat format{quiet ? "{{.ID}}" : format_text,
                            "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"};
    const Json wrapped =
        Json::object({{"list", command.api().get(ApiTarget{"/images/", name, "/history"})}});
    std::vector<Json> rows;
    for (const auto& step : JsonReader{wrapped}.get_objects("list")) {
        const std::string by = step.get_string("CreatedBy");
        rows.push_back(Json::object({
            {"ID", id_text(step.get_string("Id"), no_trunc)},
            {"CreatedSince", ago_text(step.get_integer("Created"))},
            {"CreatedAt", date_text(step.get_integer("Created"))},
            {"CreatedBy", no_trunc ? by : shortened(by, created_by_width)},
            {"Size", size_text(step.get_integer("Size"))},
            {"Comment", step.get_string("Comment")},
        }));
    }
    print(format.text(kHistoryColumns, rows, no_trunc));
    return 0;
}

// "a/b:c" in its two halves; the tag is empty where there is none.
static std::pair<std::string, std::string> split_reference(const std::string& reference) {
    const auto colon = reference.rfind(':');
    if (colon == std::string::npos || reference.find('/', colon) != std::string::npos) {
        return {reference, ""};
    }
    return {reference.substr(0, colon), reference.substr(colon + 1)};
}

int run_command_tag(const Command& command) {
    const auto names = command.parse_names(
        {"IMAGE NAME[:TAG]", "Gives an image one more name.", "tag host mine:v1"}, {}, 2, 2);
    const auto [repository, tag] = split_reference(names[1]);
    command.api().request(
        "POST",
        ApiTarget{"/images/", names[0], "/tag"}.with("repo", repository).with_text("tag", tag));
    return 0;
}

int run_command_rmi(const Command& command) {
    bool force = false;
    bool no_prune = false;
    const auto names = command.parse_names(
        {"[OPTIONS] IMAGE...", "Takes names off images, and removes those that have none left.",
         "rmi mine:v1"},
        {switch_option("-f --force", "also one that stopped containers use", force),
         switch_option("--no-prune", "keep what only it was made from", no_prune)});
    return command.for_each(names, [&](const std::string& name) {
        const auto answer = command.api().request(
            "DELETE",
            ApiTarget{"/images/", name}.with_flag("force", force).with_flag("noprune", no_prune));
        const Json wrapped = Json::object({{"list", parse_json(answer.body)}});
        for (const auto& change : JsonReader{wrapped}.get_objects("list")) {
            const std::string untagged = change.get_string("Untagged");
            print(untagged.empty() ? "Deleted: " + printable(change.get_string("Deleted")) + "\n"
                                   : "Untagged: " + printable(untagged) + "\n");
        }
    });
}

struct ImportRequest {
    std::string message;
    std::vector<std::string> changes;
};

static ApiTarget import_target(const ImportRequest& request, const std::string& name) {
    const auto [repository, tag] = split_reference(name);
    ApiTarget target{"/images/create"};
    target.with("fromSrc", "-").with_text("repo", repository).with_text("tag", tag);
    target.with_text("message", request.message);
    for (const auto& change : request.changes) target.with("changes", change);
    return target;
}

int run_command_import(const Command& command) {
    ImportRequest request;
    const auto names = command.parse_names(
        {"[OPTIONS] FILE|- [NAME[:TAG]]",
         "Makes an image of an archive (tar), from a file or from standard input, and prints its\n"
         "id.",
         "import --change 'CMD [\"sh\"]' root.tar mine:v1"},
        {list_option("-c --change", "INSTRUCTION", "CMD, ENV, WORKDIR ... of the image",
                     request.changes),
         text_option("-m --message", "TEXT", "what its history says", request.message)},
        1, 2);
    if (names[0].starts_with("http://") || names[0].starts_with("https://")) {
        throw Failure{"import " + printable(names[0]) +
                      ": not built in: only files and - are read; try curl ... | " +
                      std::string{command.program().name} + " import -"};
    }
    Fd file;
    if (names[0] != "-") {
        file = Fd{check(::open(names[0].c_str(), O_RDONLY | O_CLOEXEC), "open", names[0])};
    }
    HttpConnection answer =
        command.api().upload("POST", import_target(request, names.size() > 1 ? names[1] : ""),
                             file ? file.get() : STDIN_FILENO);
    for_each_json(answer, [](const Json& line) {
        const JsonReader reader{line};
        const std::string error = reader.get_string("error");
        if (!error.empty()) throw Failure{printable(error)};
        const std::string status = reader.get_string("status");
        if (!status.empty()) print(printable(status) + "\n");
    });
    return 0;
}

int run_command_image_prune(const Command& command) {
    bool all = false;
    bool force = false;
    std::vector<std::string> filters;
    const auto rest = command.parse(
        {"[OPTIONS]", "Removes images without a name; with --all those that no container uses.",
         "image prune -a -f"},
        {switch_option("-a --all", "all that no container uses", all),
         switch_option("-f --force", "do not ask", force), filter_option(filters)});
    if (!rest.operands.empty()) {
        throw command.usage_error("unexpected argument " + printable(rest.operands[0]));
    }
    const std::string what = all ? "all images without at least one container associated to them."
                                 : "all dangling images.";
    if (!force && !is_confirmed("WARNING! This will remove " + what)) return 0;
    filters.push_back(all ? "dangling=false" : "dangling=true");
    const auto target = ApiTarget{"/images/prune"}.with("filters", filters_text(filters));
    const Json answer = parse_json(command.api().request("POST", target).body);
    const JsonReader result{answer};
    std::string text;
    for (const auto& change : result.get_objects("ImagesDeleted")) {
        const std::string untagged = change.get_string("Untagged");
        text += untagged.empty() ? "deleted: " + change.get_string("Deleted") + "\n"
                                 : "untagged: " + untagged + "\n";
    }
    if (!text.empty()) print("Deleted Images:\n" + text + "\n");
    print("Total reclaimed space: " + size_text(result.get_integer("SpaceReclaimed")) + "\n");
    return 0;
}
