// Programs under test: started with three pipes, pumped until something happens or time is up.
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ostream>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/case.hpp"
#include "tests/support/shown.hpp"
#include "tests/support/testing.hpp"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

static constexpr std::size_t kStreamBytesMax = 64u << 20;
static constexpr int kNotWaitedFor = -1;

static std::string duration_text(milliseconds duration) {
    const auto count = duration.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

std::ostream& operator<<(std::ostream& stream, const Result& result) {
    stream << "$ " << result.command_line << "\n  exit code: ";
    if (result.exit_code == kNotWaitedFor) {
        stream << "none, it was running when the test gave up";
    } else {
        stream << result.exit_code;
        if (result.killed_by != 0) stream << " (killed by signal " << result.killed_by << ")";
    }
    if (result.timed_out) {
        stream << " (no answer after " << duration_text(result.deadline) << ": killed)";
    }
    stream << "\n" << shown("stdout", result.out) << shown("stderr", result.err);
    return stream;
}

std::ostream& operator<<(std::ostream& stream, const Process& process) {
    return stream << "$ " << process.command_line() << "\n"
                  << shown("stdout", process.out()) << shown("stderr", process.err());
}

static std::vector<std::string> with_variables(std::vector<std::string> environment,
                                               const std::vector<std::string>& added) {
    for (const auto& entry : added) {
        const std::string name = entry.substr(0, entry.find('=') + 1);
        std::erase_if(environment, [&](const auto& old) { return old.starts_with(name); });
        environment.push_back(entry);
    }
    return environment;
}

struct ChildStreams {
    int input, output, error;
};

[[noreturn]] static void become_program(const std::vector<std::string>& command,
                                        const RunOptions& options,
                                        const ChildStreams& streams) noexcept {
    try {
        ::setpgid(0, 0);
        if (options.inherit_stdin_closed) {
            ::close_range(STDIN_FILENO, STDIN_FILENO, 0);
        } else {
            duplicate_onto(streams.input, STDIN_FILENO);
        }
        duplicate_onto(streams.output, STDOUT_FILENO);
        duplicate_onto(streams.error, STDERR_FILENO);
        if (!options.directory.empty()) {
            check(::chdir(options.directory.c_str()), "chdir", options.directory);
        }
        reset_signals();
        execute(command, with_variables(current_environment(), options.environment));
    } catch (const SystemError& error) {
        ::_exit(report_failure("test", error, exit_code_for_exec(error.error())));
    } catch (...) {
        ::_exit(126);
    }
}

static void make_nonblocking(int fd) {
    const int flags = check(::fcntl(fd, F_GETFL), "fcntl F_GETFL");
    check(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl F_SETFL");
}

// The programs of the case that run, and what the last one that ended left for describe_programs().
static std::vector<const Process*>& running_programs() {
    static std::vector<const Process*> programs;
    return programs;
}

static Result& last_program() {
    static Result result;
    return result;
}

static int last_signal = 0;

int signal_of_last_end() {
    return last_signal;
}

std::string describe_programs() {
    std::ostringstream text;
    if (!last_program().command_line.empty()) text << last_program();
    for (std::size_t i = 0; i < std::min<std::size_t>(running_programs().size(), 3); ++i) {
        text << *running_programs()[i];
    }
    return text.str();
}

Process::Process(const std::vector<std::string>& command, const RunOptions& options)
    : command_line_{command_line_of(command, options)},
      deadline_{patient(options.deadline)},
      unsent_{options.input} {
    Pipe input = make_pipe();
    Pipe output = make_pipe();
    Pipe error = make_pipe();
    pid_ = check(::fork(), "fork");
    if (pid_ == 0) {
        become_program(command, options,
                       {input.read_end.get(), output.write_end.get(), error.write_end.get()});
    }
    child_ = Child{pid_};
    ::setpgid(pid_, pid_);  // both sides do it: whoever is later finds it done, or exec'd
    pidfd_ = Fd{static_cast<int>(check(::syscall(SYS_pidfd_open, pid_, 0), "pidfd_open"))};
    input_ = std::move(input.write_end);
    output_ = std::move(output.read_end);
    error_ = std::move(error.read_end);
    for (const int fd : {input_.get(), output_.get(), error_.get()}) make_nonblocking(fd);
    if (options.inherit_stdin_closed) input_.close();
    running_programs().push_back(this);
}

Process::~Process() {
    std::erase(running_programs(), this);
    if (child_.pid() > 0) ::kill(-pid_, SIGKILL);
    if (!command_line_.empty()) {  // else run() has taken it all
        out();
        err();
        last_program() = {.exit_code = exit_code_,
                          .out = std::move(out_),
                          .err = std::move(err_),
                          .command_line = command_line_,
                          .killed_by = killed_by_};
    }
}

static void receive(Fd& stream, std::string& text) {
    std::array<char, 65536> piece;
    const auto count = retry([&] { return ::read(stream.get(), piece.data(), piece.size()); });
    if (count == -1 && errno == EAGAIN) return;
    if (count <= 0) return stream.close();
    const auto room = kStreamBytesMax - text.size();
    text.append(piece.data(), std::min(static_cast<std::size_t>(count), room));
}

static void transmit(Fd& stream, std::string& text) {
    const auto count = retry([&] { return ::write(stream.get(), text.data(), text.size()); });
    if (count == -1 && errno == EAGAIN) return;
    if (count == -1) {  // EPIPE: it reads no more
        text.clear();
        return stream.close();
    }
    text.erase(0, static_cast<std::size_t>(count));
}

// Waits for one readiness and moves what is ready; poll(2) ignores the descriptors below 0.
void Process::move_bytes(milliseconds at_most) const {
    std::array<pollfd, 4> ready{{{unsent_.empty() ? -1 : input_.get(), POLLOUT, 0},
                                 {output_.get(), POLLIN, 0},
                                 {error_.get(), POLLIN, 0},
                                 {has_ended_ ? -1 : pidfd_.get(), POLLIN, 0}}};
    const auto timeout = static_cast<int>(std::max<milliseconds::rep>(at_most.count(), 0));
    check(retry([&] { return ::poll(ready.data(), ready.size(), timeout); }), "poll");
    if (ready[0].revents != 0) transmit(input_, unsent_);
    if (ready[1].revents != 0) receive(output_, out_);
    if (ready[2].revents != 0) receive(error_, err_);
    if (ready[3].revents != 0) has_ended_ = true;
}

bool Process::is_over() const {
    return has_ended_ && !output_ && !error_;
}

std::string Process::describe() const {
    return "$ " + command_line_ + "\n" + shown("stdout", out_) + shown("stderr", err_);
}

void Process::move_bytes_until(const std::function<bool()>& condition,
                               std::string_view what) const {
    const auto end = Clock::now() + deadline_;
    while (!condition()) {
        if (is_over()) {
            throw Failure{"the program ended without " + std::string{what} + "\n" + describe()};
        }
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        if (left.count() <= 0) {
            throw Failure{"no " + std::string{what} + " after " + duration_text(deadline_) + "\n" +
                          describe()};
        }
        move_bytes(left);
    }
}

void Process::send(std::string_view text) {
    if (!input_) return;
    unsent_.append(text);
    move_bytes_until([&] { return unsent_.empty() || has_ended_; }, "reading of stdin");
}

void Process::close_stdin() {
    if (!unsent_.empty()) send({});
    input_.close();
}

std::string Process::read_line() {
    const auto line_end = [&] { return out_.find('\n', line_start_); };
    move_bytes_until([&] { return line_end() != std::string::npos || !output_; }, "line");
    const std::size_t end = std::min(line_end(), out_.size());
    if (line_start_ >= out_.size()) throw Failure{"stdout ended before a line\n" + describe()};
    std::string line = out_.substr(line_start_, end - line_start_);
    line_start_ = end + 1;
    return line;
}

void Process::wait_for_output(std::string_view text) {
    move_bytes_until([&] { return out_.find(text) != std::string::npos; },
                     quoted(std::string{text}) + " on stdout");
}

void Process::wait_for_error(std::string_view text) {
    move_bytes_until([&] { return err_.find(text) != std::string::npos; },
                     quoted(std::string{text}) + " on stderr");
}

// What the pipes hold at this moment, without waiting for more.
static bool has_data(int fd) {
    pollfd ready{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&ready, 1, 0) > 0;
}

std::string Process::out() const {
    while (has_data(output_.get())) receive(output_, out_);
    return out_;
}

std::string Process::err() const {
    while (has_data(error_.get())) receive(error_, err_);
    return err_;
}

void Process::signal(int number) {
    if (child_.pid() == 0) throw Failure{"signal: the program has ended\n" + describe()};
    check(::kill(pid_, number), "kill", command_line_);
}

// Its code alone would not say whether a signal killed it or it ended with 128 + n by itself.
void Process::reap() {
    siginfo_t end{};
    check(::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT), "waitid");
    if (end.si_code != CLD_EXITED) killed_by_ = end.si_status;
    last_signal = killed_by_;
    exit_code_ = child_.wait();
}

int Process::wait() {
    if (child_.pid() == 0) return exit_code_;
    move_bytes_until([&] { return has_ended_; }, "end of the program");
    reap();
    out();
    err();
    return exit_code_;
}

Result run(const std::vector<std::string>& command, const RunOptions& options) {
    Process process{command, options};
    const auto end = Clock::now() + process.deadline_;
    Result result;
    if (process.unsent_.empty()) process.input_.close();
    while (!process.is_over() && !result.timed_out) {
        process.move_bytes(std::chrono::ceil<milliseconds>(end - Clock::now()));
        if (process.unsent_.empty()) process.input_.close();
        result.timed_out = Clock::now() >= end && !process.is_over();
    }
    if (result.timed_out && !process.has_ended_) ::kill(-process.pid_, SIGKILL);
    process.reap();
    result.exit_code = process.exit_code_;
    result.killed_by = process.killed_by_;
    result.out = process.out();
    result.err = process.err();
    result.deadline = process.deadline_;
    result.command_line = std::exchange(process.command_line_, {});
    last_program() = result;
    return result;
}
