#include "stage3-namespaces/child_report.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>

#include "common/error.hpp"
#include "common/process.hpp"

static constexpr int kEngineFailed = 125;

// One write of at most PIPE_BUF bytes arrives whole (pipe(7)).
struct Record {
    int exit_code;
    char text[508];
};

ChildReport::ChildReport() : gate_{make_pipe()}, report_{make_pipe()} {}

void ChildReport::wait_for_parent() {
    // Our copy of the parent's end would keep the gate waiting for ever if the parent died.
    gate_.write_end.close();
    report_.read_end.close();
    char byte = 0;
    const auto count = check(retry([&] { return ::read(gate_.read_end.get(), &byte, 1); }), "read",
                             "the parent's gate");
    if (count == 0) throw Failure{"the parent is gone"};
    gate_.read_end.close();
    die_with_parent();
}

void ChildReport::die_with_parent() const {
    check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl", "PR_SET_PDEATHSIG");
    // If it died just before that call nobody would send the signal. getppid() cannot tell: it is 0
    // in a new PID namespace. But only the parent holds the pipe's reading end.
    pollfd parent{report_.write_end.get(), 0, 0};
    if (::poll(&parent, 1, 0) == 1) throw Failure{"the parent is gone"};
}

void ChildReport::give_up(const std::exception& error) noexcept {
    Record record{kEngineFailed, {}};
    if (const auto* exec_error = dynamic_cast<const ExecError*>(&error)) {
        record.exit_code = exit_code_for_exec(exec_error->error());
    } else if (const auto* failed = dynamic_cast<const ChildFailed*>(&error)) {
        record.exit_code = failed->exit_code();  // in words of the caller's own
    }
    std::strncpy(record.text, error.what(), sizeof record.text - 1);
    [[maybe_unused]] const auto written = ::write(report_.write_end.get(), &record, sizeof record);
    ::_exit(record.exit_code);
}

void ChildReport::open_gate() {
    gate_.read_end.close();
    // If the child is dead this fails; what it died of is in the report.
    [[maybe_unused]] const auto written = ::write(gate_.write_end.get(), "g", 1);
    gate_.write_end.close();
    // From now on the child's death is the end of its report.
    report_.write_end.close();
}

void ChildReport::expect_success() {
    Record record{};
    const auto count =
        check(retry([&] { return ::read(report_.read_end.get(), &record, sizeof record); }), "read",
              "the child's report");
    report_.read_end.close();
    if (count == 0) return;
    record.text[sizeof record.text - 1] = '\0';
    throw ChildFailed{record.text, record.exit_code};
}
