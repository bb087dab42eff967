#include "stage6-daemon-shim/features/observe/top_routes.hpp"

#include "stage6-daemon-shim/features/observe/process_columns.hpp"

static Task<void> top(Daemon& daemon, HttpRequest& request, HttpResponder& responder) {
    const std::string name = request.parameter("id");
    const ContainerPointer container = daemon.table.find(name);
    const Verdict verdict = judge(container->state, Verb::top, container->id, name);
    if (verdict.status >= 400) throw HttpError{verdict.status, verdict.message};
    const auto columns = columns_for(request.query().get("ps_args", "-ef"));
    const ProcessContext context;
    Json answer;
    answer["Titles"] = Json::array();
    for (const ProcessColumn& column : columns) answer["Titles"].push_back(column.title);
    answer["Processes"] = Json::array();
    for (const pid_t pid : processes_of(*container)) {
        const auto process = read_process(pid);
        if (!process) continue;
        Json row = Json::array();
        for (const ProcessColumn& column : columns) row.push_back(column.text(*process, context));
        answer["Processes"].push_back(std::move(row));
    }
    daemon.announcements.of_container(*container, "top");
    co_await responder.send_json(200, std::move(answer));
}

Route top_route(Daemon& daemon) {
    return route(daemon, "GET", "/containers/{id}/top", top);
}
