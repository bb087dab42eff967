// What shim and daemon tell each other: any file at all is a record, missing or corrupt, and says
// so in the words that the daemon shows; a record that was read is written and read the same.
#include <limits.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/records.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "tests/fuzz/fuzz.hpp"

// Nothing when it is corrupt.
template <class Record>
static std::optional<Record> read_as_daemon(std::optional<Record> (*read)(const ContainerDir&,
                                                                          unsigned),
                                            const ContainerDir& directory, unsigned number) {
    try {
        return read(directory, number);
    } catch (const Failure& error) {
        hold(std::string{error.what()}.starts_with("corrupt state: "), "what is corrupt is said");
        return {};
    }
}

static void check_started(const ContainerDir& directory, std::string_view text) {
    write_file(scratch_directory() + "/" + started_file(1), text);
    const auto record = read_as_daemon(read_started, directory, 1);
    if (!record) return;
    hold(record->container.pid > 0 && record->shim.pid > 0, "a process number is positive");
    PreparedStartedRecord{directory, 2, *record}.publish();
    const auto again = read_started(directory, 2);
    hold(again && again->container == record->container && again->shim == record->shim &&
             again->boot == record->boot && again->time == record->time,
         "a started record is kept");
}

static void check_exit(const ContainerDir& directory, std::string_view text) {
    write_file(scratch_directory() + "/" + exit_file(1), text);
    const auto record = read_as_daemon(read_exit, directory, 1);
    if (!record) return;
    hold(record->code >= 0 && record->code <= 255, "a code has eight bits");
    hold(record->signal >= 0 && record->signal <= 64, "a signal is one that there is");
    if (record->time.size() > kRecordBytesMax / 2) return;
    ReservedExitRecord reserved{directory, 2};
    reserved.write(*record);
    const auto again = read_exit(directory, 2);
    hold(again && again->code == record->code && again->signal == record->signal &&
             again->oom == record->oom && again->time == record->time,
         "an exit record is kept");
}

static void check_outcome(std::string_view text) {
    const ShimOutcome outcome = parse_outcome(text);
    hold((outcome.pid > 0) == (outcome.failure == StartFailure::none), "started, or failed");
    const std::string written = outcome_text(outcome);
    hold(written.size() <= PIPE_BUF && written.ends_with('\n'), "it arrives whole");
    const ShimOutcome again = parse_outcome(written);
    hold(again.pid == outcome.pid && again.failure == outcome.failure, "an outcome is kept");
    hold(outcome.error.starts_with(again.error), "and as much of its reason as there is room for");
    hold(again.error == outcome.error || written.size() == PIPE_BUF, "all of it if possible");
}

void check_input(std::string_view input) {
    static const ContainerDir directory = ContainerDir::open(scratch_directory());
    check_started(directory, input);
    check_exit(directory, input);
    check_outcome(input);
}
