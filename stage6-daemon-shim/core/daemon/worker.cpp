#include "stage6-daemon-shim/core/daemon/worker.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/spawn_program.hpp"
#include "stage6-daemon-shim/core/daemon/worker_jobs.hpp"

static constexpr std::string_view kOption = "--worker";
static constexpr std::size_t kResultBytesMax = 1u << 20;

static Fd non_blocking(Fd fd) {
    check(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), "fcntl F_SETFL");
    return fd;
}

Worker::Worker(EventLoop& loop, std::vector<std::string> job, const std::vector<int>& descriptors,
               Input input)
    : loop_{loop}, name_{job.at(0)} {
    Pipe result = make_pipe();
    Pipe data = input == Input::pipe ? make_pipe() : Pipe{};
    std::vector<std::string> command = {::program_invocation_short_name, std::string{kOption}};
    command.insert(command.end(), job.begin(), job.end());
    std::vector<int> handed_over = {data.read_end.get(), result.write_end.get(), STDERR_FILENO};
    handed_over.insert(handed_over.end(), descriptors.begin(), descriptors.end());
    // Whatever lies at its path by now: the file that we run.
    SpawnedProgram program = spawn_program("/proc/self/exe", std::move(command), handed_over);
    child_ = Child{program.pid};
    process_ = std::move(program.process);
    result_.emplace(loop, non_blocking(std::move(result.read_end)), Stream::Kind::pipe);
    if (input == Input::pipe) {
        input_.emplace(loop, non_blocking(std::move(data.write_end)), Stream::Kind::pipe);
    }
}

Task<std::string> Worker::finish() {
    end_input();
    std::string said;
    while (true) {
        const ReadResult read = co_await result_->fill();
        if (read != ReadResult::data) break;
        said += result_->buffered();
        result_->consume(result_->buffered().size());
        if (said.size() > kResultBytesMax) throw Failure{"worker " + name_ + ": it says too much"};
    }
    co_await until_readable(loop_, process_.get());
    const int code = child_.wait();
    if (code == 0) co_return said;
    if (said.empty()) said = "worker " + name_ + " ended with code " + std::to_string(code);
    throw Failure{said};
}

Task<std::string> run_worker(EventLoop& loop, std::vector<std::string> job,
                             std::vector<int> descriptors) {
    Worker worker{loop, std::move(job), descriptors};
    std::string said = co_await worker.finish();
    co_return said;
}

bool is_worker_command(const std::vector<std::string>& arguments, std::vector<std::string>& job) {
    if (arguments.size() < 2 || arguments[0] != kOption) return false;
    job.assign(arguments.begin() + 1, arguments.end());
    return true;
}

int worker_main(const std::vector<std::string>& job) {
    // A daemon that is gone has nobody who wants the result; the next one begins anew.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, ("worker " + job[0]).substr(0, 15).c_str());
    int code = 0;
    std::string said;
    try {
        said = do_job(job);
    } catch (const std::exception& error) {
        said = error.what();
        code = 1;
    }
    print(said);
    return code;
}
