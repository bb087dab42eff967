#include "stage6-daemon-shim/core/shim/shim.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <optional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "stage6-daemon-shim/core/contract/records.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"
#include "stage6-daemon-shim/core/shim/supervisor.hpp"

// Before the containers, behind the rest of the system.
static constexpr std::string_view kOomScore = "-500";

struct Assignment {
    std::string id;
    unsigned number = 1;
    std::span<const ShimFeature> features;
    std::vector<LaunchStep> feature_steps;
};

// What was asked cannot be had: the asker's mistake, not the engine's.
class InvalidRequest : public Failure {
    using Failure::Failure;
};

static Assignment parse_arguments(int argc, char** argv, std::string_view program) {
    const Program self{program, "ID NUMBER",
                       "Keeps one container: starts it, writes its log, records its end.\n"
                       "The daemon starts it, with descriptors of the container's directory."};
    const auto words = parse_options(self, {}, arguments_of(argc, argv));
    const bool handed_over = ::fcntl(kDirectoryDescriptor, F_GETFD) != -1 &&
                             ::fcntl(kLockDescriptor, F_GETFD) != -1 &&
                             ::fcntl(kOutcomeDescriptor, F_GETFD) != -1;
    if (words.size() != 2 || words[0].empty() || !handed_over) {
        throw UsageError{"the daemon starts this program (try --help)"};
    }
    constexpr long number_max = 1L << 30;
    return {
        words[0], static_cast<unsigned>(parse_number(words[1], "NUMBER", 1, number_max)), {}, {}};
}

// Away from whoever started us: from now on nothing that happens to them happens to us.
static void detach(const std::string& id) {
    close_on_exec_from(STDERR_FILENO + 1);
    const Fd null{check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null")};
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        duplicate_onto(null.get(), number);
    }
    ::setsid();  // fails where we lead a session already
    check(::chdir("/"), "chdir", "/");
    check(::prctl(PR_SET_NAME, ("shim " + id.substr(0, 10)).c_str()), "prctl", "PR_SET_NAME");
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    // Without privileges we stay what we are. Not with exceptions: the first one that is thrown
    // touches pages that we never need otherwise.
    const Fd score{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
    if (score) {
        [[maybe_unused]] const auto written =
            ::write(score.get(), kOomScore.data(), kOomScore.size());
    }
}

static Spec read_spec(const ContainerDir& directory) {
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

static LimitedCgroup make_cgroup(const Spec& spec, const std::string& id) {
    try {
        return LimitedCgroup{spec, id};
    } catch (const Failure& error) {
        throw InvalidRequest{error.what()};
    }
}

// Everything that is needed to start lives here, and is given back before the long wait begins.
static RunningContainer start(const Assignment& assignment, const ContainerDir& directory,
                              std::optional<ReservedExitRecord>& exit_record) {
    Spec spec = read_spec(directory);
    if (spec.process.terminal) throw InvalidRequest{"a terminal is not built in"};
    Pipe output = make_pipe();
    Pipe error = make_pipe();
    Pipe input = spec.open_stdin ? make_pipe() : Pipe{};
    if (!spec.open_stdin) {
        input.read_end = Fd{check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")};
    }
    RunningContainer container{make_cgroup(spec, assignment.id),
                               {},
                               spec.isolated,
                               std::move(input.write_end),
                               std::move(output.read_end),
                               std::move(error.read_end)};
    for (const ShimFeature& feature : assignment.features) {
        if (feature.prepare != nullptr) feature.prepare(spec, container.cgroup.get());
    }
    ChildReport report;
    container.process =
        launch({spec,
                container.cgroup.get(),
                {input.read_end.get(), output.write_end.get(), error.write_end.get()},
                assignment.feature_steps},
               report);
    // While the child is busy.
    exit_record.emplace(directory, assignment.number);
    StartedRecord record{
        identity_of(container.process.pid()), identity_of(::getpid()), boot_id(), {}};
    report.expect_success();
    record.time = timestamp(wall_clock());
    write_started(directory, assignment.number, record);
    return container;
}

static void tell(Fd outcome, const ShimOutcome& what) {
    try {
        write_all(outcome.get(), outcome_text(what), "the daemon's pipe");
    } catch (const SystemError&) {
        // The daemon is gone. The next one reads the records.
    }
}

static void run(const Assignment& assignment, const ContainerDir& directory, Fd& outcome) {
    SignalFd signals{kSignalsOfShim};
    detach(assignment.id);
    LogWriter log{directory};
    RequestServer requests{directory};
    std::optional<ReservedExitRecord> exit_record;
    RunningContainer container = start(assignment, directory, exit_record);
    tell(std::move(outcome), {container.process.pid(), StartFailure::none, {}});
    ::malloc_trim(0);
    Supervisor{signals, log, requests}.keep(container, *exit_record);
}

static StartFailure kind_of(const std::exception& error) {
    if (const auto* child = dynamic_cast<const ChildFailed*>(&error)) {
        if (child->exit_code() == 127) return StartFailure::not_found;
        if (child->exit_code() == 126) return StartFailure::not_executable;
    }
    const bool invalid = dynamic_cast<const InvalidRequest*>(&error) != nullptr;
    return invalid ? StartFailure::invalid : StartFailure::engine;
}

int shim_main(int argc, char** argv, std::string_view program,
              std::span<const ShimFeature> features) {
    Assignment assignment;
    try {
        ensure_standard_streams();
        assignment = parse_arguments(argc, argv, program);
    } catch (const std::exception& error) {
        return report_failure(program, error, 2);
    }
    assignment.features = features;
    for (const ShimFeature& feature : features) {
        for (const LaunchStep& step : feature.launch_steps) {
            assignment.feature_steps.push_back(step);
        }
    }
    // The lock is closed last, by the end of this process: then all else is gone.
    Fd outcome{kOutcomeDescriptor};
    const ContainerDir directory{Fd{kDirectoryDescriptor}};
    try {
        run(assignment, directory, outcome);
        return 0;
    } catch (const std::exception& error) {
        if (outcome) tell(std::move(outcome), {0, kind_of(error), error.what()});
        return 1;
    }
}
