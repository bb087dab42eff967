#include "stage6-daemon-shim/core/shim/start_container.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>

#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"
#include "stage6-daemon-shim/core/runtime/explaining.hpp"
#include "stage6-daemon-shim/core/shim/container_spec.hpp"
#include "stage6-daemon-shim/core/shim/shim.hpp"

StartFailure failure_kind_of(const std::exception& error) {
    if (const auto* child = dynamic_cast<const ChildFailed*>(&error)) {
        if (child->exit_code() == 127) return StartFailure::not_found;
        if (child->exit_code() == 126) return StartFailure::not_executable;
    }
    const bool invalid = dynamic_cast<const InvalidRequest*>(&error) != nullptr;
    return invalid ? StartFailure::invalid : StartFailure::engine;
}

static LimitedCgroup make_cgroup(const Spec& spec, const std::string& id) {
    try {
        fail_point<"make the control group">();
        return LimitedCgroup{spec, id};
    } catch (const Failure& error) {
        throw InvalidRequest{error.what()};
    }
}

// Both ends of what becomes 0, 1 and 2, or of the socket over which a terminal arrives.
struct StreamEnds {
    Pipe input, output, error;
    Fd console, console_of_child;

    Streams of_child() const {
        return {input.read_end.get(), output.write_end.get(), error.write_end.get(),
                console_of_child.get()};
    }
};

static StreamEnds make_streams(const Spec& spec) {
    StreamEnds ends;
    if (spec.process.terminal) {
        int pair[2];
        check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), "socketpair");
        ends.console = Fd{pair[0]};
        ends.console_of_child = Fd{pair[1]};
        return ends;
    }
    ends.output = make_pipe();
    ends.error = make_pipe();
    if (spec.open_stdin) {
        ends.input = make_pipe();
    } else {
        ends.input.read_end =
            Fd{check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")};
    }
    return ends;
}

// The child has opened its terminal and sent us the other end before it became its program.
static void take_terminal(const Fd& console, bool open_stdin, RunningContainer& container) {
    ShimMessage message;
    if (receive_message(console.get(), message) != Received::message ||
        message.descriptors.size() != 1) {
        throw Failure{"start: the container's terminal did not arrive"};
    }
    container.has_terminal = true;
    container.output = std::move(message.descriptors[0]);
    if (!open_stdin) return;
    container.input =
        Fd{check(::fcntl(container.output.get(), F_DUPFD_CLOEXEC, 0), "fcntl F_DUPFD_CLOEXEC")};
}

// What this machine cannot enforce a feature takes out of the spec; see ShimFeature::prepare.
static void prepare(std::span<const ShimFeature> features, Spec& spec,
                    RunningContainer& container) {
    container.withheld_capabilities = bounding_capabilities(spec);
    for (const ShimFeature& feature : features) {
        if (feature.prepare != nullptr) feature.prepare(spec, container.cgroup.get());
    }
    const auto left = bounding_capabilities(spec);
    std::erase_if(container.withheld_capabilities,
                  [&](const auto& name) { return std::ranges::find(left, name) != left.end(); });
}

static void check_terminal(const Spec& spec, std::span<const ShimFeature> features) {
    if (!spec.process.terminal) return;
    if (std::ranges::none_of(features, &ShimFeature::opens_terminals)) {
        throw InvalidRequest{"a terminal is not built in"};
    }
}

RunningContainer start_container(const StartOrder& order, const ContainerDir& directory,
                                 std::optional<ReservedExitRecord>& exit_record) {
    Spec spec = read_spec(directory);
    check_terminal(spec, order.features);
    StreamEnds streams = make_streams(spec);
    RunningContainer container{make_cgroup(spec, order.id),
                               {},
                               spec.isolated,
                               std::move(streams.input.write_end),
                               std::move(streams.output.read_end),
                               std::move(streams.error.read_end)};
    container.log_limits = log_limits_of(spec);
    prepare(order.features, spec, container);
    // Before the report, whose writer its process must not be.
    std::optional<Explainer> explainer;
    begin_explaining(spec, streams.error.write_end.get(), explainer);
    ChildReport report;
    fail_point<"launch the container">();
    container.process =
        launch({spec, container.cgroup.get(), streams.of_child(), order.feature_steps}, report);
    // While the child is busy.
    exit_record.emplace(directory, order.number);
    PreparedStartedRecord started{directory,
                                  order.number,
                                  {identity_of(container.process.pid()), identity_of(::getpid()),
                                   boot_id(), timestamp(wall_clock())}};
    fail_point<"hear of the container's exec">();
    report.expect_success();
    explainer.reset();
    if (spec.process.terminal) take_terminal(streams.console, spec.open_stdin, container);
    started.publish();
    return container;
}
