// events and top.
#include "stage6-daemon-shim/features/observe/observe_in_client.hpp"

#include <time.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/json_lines.hpp"
#include "stage6-daemon-shim/core/client/lists.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/client/table.hpp"

// "2026-01-02T15:04:05.123456789+01:00", in local time; Z where that is UTC.
static std::string moment_text(std::int64_t nanoseconds) {
    constexpr std::int64_t second = 1'000'000'000;
    const time_t time = nanoseconds / second;
    tm parts{};
    ::localtime_r(&time, &parts);
    char date[32], zone[16], fraction[16];
    ::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    ::strftime(zone, sizeof zone, "%z", &parts);
    std::snprintf(fraction, sizeof fraction, ".%09d", static_cast<int>(nanoseconds % second));
    const std::string offset{zone};
    const bool is_utc = offset == "+0000";
    return std::string{date} + fraction +
           (is_utc ? "Z" : offset.substr(0, 3) + ":" + offset.substr(3));
}

// "TIME container start ID (image=host, name=web)"
static std::string event_text(const JsonReader& event) {
    const JsonReader actor = event.get_object("Actor");
    auto attributes = actor.get_string_map("Attributes");
    std::ranges::sort(attributes);
    std::string text = moment_text(event.get_integer("timeNano")) + " " + event.get_string("Type") +
                       " " + event.get_string("Action") + " " + actor.get_string("ID");
    std::string list;
    for (const auto& [name, value] : attributes) {
        list.append(list.empty() ? " (" : ", ").append(name).append("=").append(value);
    }
    return printable(text + (list.empty() ? "" : list + ")"));
}

static int run_command_events(const Command& command) {
    std::string since, until, format;
    std::vector<std::string> filters;
    const auto moment = [](std::string& value, std::string_view what) {
        return [&value, what](std::string_view text) { value = parse_moment(text, what); };
    };
    const auto line = command.parse(
        {"[OPTIONS]",
         "Shows what happens to containers and images, as it happens; with --since what has\n"
         "happened, too, and with --until only up to then.",
         "events --since 10m --filter event=die"},
        {{"--since", "TIME", "from then on: 10m, 2026-01-02T15:04:05", moment(since, "--since")},
         {"--until", "TIME", "up to then", moment(until, "--until")},
         filter_option(filters),
         text_option("--format", "FORMAT", "json, or a template: '{{.Action}} {{.Actor.ID}}'",
                     format)});
    if (!line.operands.empty()) {
        throw command.usage_error("unexpected argument " + printable(line.operands[0]));
    }
    const Template wanted{format == "json" ? "{{json .}}" : format};
    ApiTarget target{"/events"};
    target.with_text("since", since).with_text("until", until);
    target.with_text("filters", filters_text(filters));
    HttpConnection answer = command.api().open_stream("GET", target);
    for_each_json(answer, [&](const Json& event) {
        print((format.empty() ? event_text(JsonReader{event}) : wanted.render(event)) + "\n");
    });
    return 0;
}

static int run_command_top(const Command& command) {
    constexpr std::size_t width_min = 20;  // Docker's
    const auto line = command.parse(
        {"CONTAINER [PS_OPTIONS]",
         "Lists the processes of a container, with the numbers that they have outside "
         "of it.\nps options are -ef, aux and -o LIST.",
         "top web -o pid,user,rss,args"},
        {}, Operands::after_options);
    if (line.operands.empty()) throw command.usage_error("the name of a container is missing");
    std::string options;
    for (std::size_t i = 1; i < line.operands.size(); ++i) {
        options.append(i == 1 ? "" : " ").append(line.operands[i]);
    }
    const Json answer = command.api().get(
        ApiTarget{"/containers/", line.operands[0], "/top"}.with_text("ps_args", options));
    const JsonReader list{answer};
    Table table{list.get_strings("Titles"), width_min};
    for (const Json& row : answer.find("Processes")->as_array()) {
        std::vector<std::string> cells;
        for (const Json& cell : row.as_array()) cells.push_back(cell.as_string());
        table.add(std::move(cells));
    }
    print(table.text(terminal_width(), has_colours()));
    return 0;
}

static constexpr CommandEntry kCommands[] = {
    {"stats", "show what containers use, once a second", run_command_stats},
    {"top", "list the processes of a container", run_command_top},
    {"events", "show what happens, as it happens", run_command_events},
    {"system df", "show what images and containers take on the disk", run_command_system_df},
    {"container prune", "remove all containers that do not run", run_command_container_prune},
    {"system prune", "remove all that nobody needs", run_command_system_prune},
};

ClientFeature observe_in_client() {
    return {.commands = {"Watching and clearing up", kCommands}};
}
