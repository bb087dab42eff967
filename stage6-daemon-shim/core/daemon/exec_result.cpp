// An exec without a client: its output is kept, as far as it is wanted, and its time is limited.
#include "stage6-daemon-shim/core/daemon/exec_sessions.hpp"
#include "stage6-daemon-shim/core/loop/stream.hpp"

static constexpr std::size_t kOutputBytesMax = 4096;
// How long output is read that somebody holds open who outlives the process.
static constexpr auto kDrainMax = std::chrono::seconds{2};

struct KeptOutput {
    std::string text;
    int open_streams = 2;
};

static Task<void> keep_output(EventLoop& loop, Fd from, std::shared_ptr<KeptOutput> kept,
                              ExecPointer session) {
    Stream stream{loop, std::move(from), Stream::Kind::pipe};
    try {
        while (true) {
            const ReadResult read = co_await stream.fill();
            if (read != ReadResult::data) break;
            const std::size_t room = kOutputBytesMax - kept->text.size();
            kept->text += stream.buffered().substr(0, room);
            stream.consume(stream.buffered().size());
        }
    } catch (const std::exception&) {
        // What there was is kept.
    }
    --kept->open_streams;
    session->changed.notify_all();
}

Task<ExecResult> run_exec(EventLoop& loop, ExecSessions& sessions, ContainerPointer container,
                          ExecCommand command, Deadline deadline) {
    const std::string name = container->name;
    const ExecPointer session = sessions.create(std::move(container), name, std::move(command));
    session->wants_output = session->wants_error = true;
    ExecStreams streams = co_await sessions.start(session);
    const auto kept = std::make_shared<KeptOutput>();
    const ScopedTask output{loop, keep_output(loop, std::move(streams.output), kept, session)};
    const ScopedTask error{loop, keep_output(loop, std::move(streams.error), kept, session)};
    ExecResult result;
    while (!session->exit_code && !result.timed_out) {
        const Wake wake = co_await session->changed.wait(deadline);
        result.timed_out = wake == Wake::timed_out && !session->exit_code;
    }
    sessions.kill(*session);
    const Deadline drained = std::min(deadline, Clock::now() + kDrainMax);
    while (kept->open_streams > 0 && !result.timed_out) {
        const Wake wake = co_await session->changed.wait(drained);
        if (wake == Wake::timed_out) break;
    }
    result.exit_code = session->exit_code.value_or(-1);
    result.output = kept->text;
    co_return result;
}
