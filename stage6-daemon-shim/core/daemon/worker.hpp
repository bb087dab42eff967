// Long work in a process of its own, so that the daemon's one thread goes on: this same program,
// executed again as `slipwayd --worker JOB ARGUMENT...` with only the descriptors that it is
// handed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/process.hpp"
#include "stage6-daemon-shim/core/loop/stream.hpp"

// A job that is being done. Whoever drops it kills it, also a task that is cancelled where it
// waits; a job so must not mind to be interrupted anywhere.
class Worker {
public:
    enum class Input { none, pipe };

    // `descriptors` are lent for the call; they become 3, 4 and so on. Throws SystemError.
    Worker(EventLoop& loop, std::vector<std::string> job, const std::vector<int>& descriptors = {},
           Input input = Input::none);

    // What it reads on its standard input, with Input::pipe. A worker that has failed reads no
    // more: PeerGone, and finish() says why.
    Stream& input() { return *input_; }
    void end_input() { input_.reset(); }

    // Waits for its end and returns what it said. Throws Failure with its words when it failed.
    Task<std::string> finish();

private:
    EventLoop& loop_;
    std::string name_;
    Child child_;
    Fd process_;
    std::optional<Stream> input_, result_;
};

// The whole of it for a job without input.
Task<std::string> run_worker(EventLoop& loop, std::vector<std::string> job,
                             std::vector<int> descriptors = {});

// The first descriptor that a job was handed.
constexpr int kFirstWorkerDescriptor = 3;

// The worker's main(): does the job that the words name (worker_jobs.cpp) and prints its result.
// Returns 0; 1 when it failed, and has printed why.
int worker_main(const std::vector<std::string>& job);

// True for the command line that Worker makes; `job` is then what follows.
bool is_worker_command(const std::vector<std::string>& arguments, std::vector<std::string>& job);
