// An exec without a client: its output is kept, as far as it is wanted, and its time is limited.
#include "stage6-daemon-shim/core/daemon/exec_sessions.hpp"
#include "stage6-daemon-shim/core/daemon/stream.hpp"

static constexpr std::size_t kOutputBytesMax = 4096;

static Task<void> keep_output(EventLoop& loop, Fd from, std::shared_ptr<ExecResult> result) {
    Stream stream{loop, std::move(from), Stream::Kind::pipe};
    try {
        while (true) {
            const ReadResult read = co_await stream.fill();
            if (read != ReadResult::data) co_return;
            const std::size_t room = kOutputBytesMax - result->output.size();
            result->output += stream.buffered().substr(0, room);
            stream.consume(stream.buffered().size());
        }
    } catch (const std::exception&) {
        // What there was is kept.
    }
}

Task<ExecResult> run_exec(EventLoop& loop, ExecSessions& sessions, ContainerPointer container,
                          ExecCommand command, Deadline deadline) {
    const std::string name = container->name;
    const ExecPointer session = sessions.create(std::move(container), name, std::move(command));
    session->wants_output = session->wants_error = true;
    ExecStreams streams = co_await sessions.start(session);
    const auto result = std::make_shared<ExecResult>();
    const ScopedTask output{loop, keep_output(loop, std::move(streams.output), result)};
    const ScopedTask error{loop, keep_output(loop, std::move(streams.error), result)};
    while (!session->exit_code) {
        const Wake wake = co_await session->changed.wait(deadline);
        if (wake != Wake::timed_out || session->exit_code) continue;
        result->timed_out = true;
        break;
    }
    sessions.kill(*session);
    result->exit_code = session->exit_code.value_or(-1);
    co_return *result;
}
