// Pause and unpause.

#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/daemon/lifecycle.hpp"
#include "stage6-daemon-shim/core/daemon/standstill.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

void Lifecycle::mark_paused(Container& container, bool paused) {
    if (container.is_marked_paused == paused) return;
    container.is_marked_paused = paused;
    table_.save_state(container);
}

Task<void> Lifecycle::pause(ContainerPointer container, std::string as_given) {
    co_await others_are_done(container);
    must_act(*container, Verb::pause, as_given);
    const unsigned exits = container->exits;
    container->freezing = true;
    std::string problem;
    try {
        // Before the signals: a daemon that is killed now knows afterwards that there were some.
        if (!has_freezer(*container)) mark_paused(*container, true);
        fail_point<"pause the processes">();
        co_await hold_processes(loop_, container);
    } catch (const std::exception& error) {
        problem = error.what();
    }
    container->freezing = false;
    const bool runs = container->exits == exits && container->state == State::running;
    if (runs && problem.empty()) {
        container->state = State::paused;
        announcements_.of_container(*container, "pause");
    } else {
        mark_paused(*container, false);
    }
    container->changed.notify_all();
    if (!runs) must_act(*container, Verb::pause, as_given);  // it has ended meanwhile
    if (!problem.empty()) {
        throw HttpError{500, "Cannot pause container " + container->id + ": " + problem};
    }
}

Task<void> Lifecycle::unpause(ContainerPointer container, std::string as_given) {
    co_await others_are_done(container);
    must_act(*container, Verb::unpause, as_given);
    const std::string problem = co_await let_go(container);
    if (!problem.empty()) {
        throw HttpError{500, "Cannot unpause container " + container->id + ": " + problem};
    }
}

// One that is paused runs again; any other stays as it is. Returns what went wrong: of one that
// was told to end before, that is no error, since it may have ended already.
Task<std::string> Lifecycle::let_go(ContainerPointer container) {
    std::string problem;
    if (container->state != State::paused) co_return problem;
    container->freezing = true;
    try {
        fail_point<"let the processes go on">();
        co_await release_processes(loop_, container);
        mark_paused(*container, false);
    } catch (const std::exception& error) {
        problem = error.what();
    }
    container->freezing = false;
    if (problem.empty() && container->state == State::paused) {
        container->state = State::running;
        announcements_.of_container(*container, "unpause");
    }
    container->changed.notify_all();
    co_return problem;
}
