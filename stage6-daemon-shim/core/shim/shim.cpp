#include "stage6-daemon-shim/core/shim/shim.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <optional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/shim/start_container.hpp"
#include "stage6-daemon-shim/core/shim/supervisor.hpp"

// Before the containers, behind the rest of the system.
static constexpr std::string_view kOomScore = "-999";

static StartOrder parse_arguments(int argc, char** argv, std::string_view program) {
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
    fail_point<"leave the daemon's session">();
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

static void tell(Fd outcome, const ShimOutcome& what) {
    try {
        fail_point<"tell the daemon">();
        write_all(outcome.get(), outcome_text(what), "the daemon's pipe");
    } catch (const SystemError&) {
        // The daemon is gone. The next one reads the records.
    }
}

static void run(const StartOrder& order, const ContainerDir& directory, Fd& outcome) {
    SignalFd signals{kSignalsOfShim};
    detach(order.id);
    LogWriter log{directory};
    ExecProcesses execs{directory, order.feature_steps};
    RequestServer requests{directory, execs};
    std::optional<ReservedExitRecord> exit_record;
    RunningContainer container = start_container(order, directory, exit_record);
    log.limit(container.log_limits);
    tell(std::move(outcome), {container.process.pid(), StartFailure::none, {}});
    ::malloc_trim(0);
    Supervisor{signals, log, requests, execs}.keep(container, *exit_record);
}

int shim_main(int argc, char** argv, std::string_view program,
              std::span<const ShimFeature> features) {
    StartOrder order;
    try {
        ensure_standard_streams();
        order = parse_arguments(argc, argv, program);
    } catch (const std::exception& error) {
        return report_failure(program, error, 2);
    }
    order.features = features;
    for (const ShimFeature& feature : features) {
        for (const LaunchStep& step : feature.launch_steps) {
            order.feature_steps.push_back(step);
        }
    }
    // The lock is closed last, by the end of this process: then all else is gone.
    Fd outcome{kOutcomeDescriptor};
    const ContainerDir directory{Fd{kDirectoryDescriptor}};
    try {
        run(order, directory, outcome);
        return 0;
    } catch (const std::exception& error) {
        if (outcome) tell(std::move(outcome), {0, failure_kind_of(error), error.what()});
        return 1;
    }
}
