#include "tests/stage6/shim_harness.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage3-namespaces/namespaces.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage6-daemon-shim/core/contract/shim_lock.hpp"
#include "stage6-daemon-shim/core/contract/start_shim.hpp"
#include "tests/stage3/container.hpp"

Spec plain_spec(std::vector<std::string> command) {
    Spec spec;
    spec.isolated = false;
    spec.process.args = std::move(command);
    spec.process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    return spec;
}

Spec container_spec(std::vector<std::string> verb) {
    Spec spec = plain_spec({"/probe"});
    for (auto& word : verb) spec.process.args.push_back(std::move(word));
    spec.isolated = true;
    spec.hostname = "box";
    spec.namespaces = default_namespaces();
    if (!is_root()) {
        need_user_namespaces();
        spec.namespaces |= CLONE_NEWUSER;
    }
    spec.root_path = temporary_directory();
    make_file(spec.root_path + "/probe", read_file(probe(), 64u << 20), 0755);
    return spec;
}

static std::string made_directory(const std::string& path) {
    check(::mkdir(path.c_str(), 0700), "mkdir", path);
    return path;
}

ShimOfTest::ShimOfTest(const std::string& place)
    : id_{random_name()},
      path_{made_directory(place + "/" + id_)},
      directory_{ContainerDir::open(path_)} {}

ShimOfTest::~ShimOfTest() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    if (outcome_.pid > 0) {
        const auto record = read_started(directory_, number_);
        if (record) kill_process(record->container, record->boot);
    }
    remove_cgroups(cgroups_);
}

static std::string read_to_end(int pipe) {
    std::string text;
    char piece[4096];
    while (true) {
        pollfd ready{pipe, POLLIN, 0};
        const auto deadline = patient(std::chrono::seconds{30});
        if (::poll(&ready, 1, static_cast<int>(deadline.count())) == 0)
            throw Failure{"the shim says nothing about the start"};
        const auto count = check(::read(pipe, piece, sizeof piece), "read", "outcome");
        if (count == 0) return text;
        text.append(piece, static_cast<std::size_t>(count));
    }
}

void ShimOfTest::give_cgroups(Spec& spec) {
    spec.cgroups = cgroups_ = cgroup_directories(id_, find_hierarchies());
}

ShimOutcome ShimOfTest::start(Spec spec) {
    if (spec.isolated) {
        spec.overlay = {
            {spec.root_path}, path_ + "/" + kUpperDirectory, path_ + "/" + kWorkDirectory};
        give_cgroups(spec);
    }
    directory_.write_whole(kConfigFile, Json::object({{"spec", to_json(spec)}}).text());
    const StartingShim shim =
        start_shim({built("orchestrator-shim"), "orchestrator-shim", id_, ++number_}, directory_,
                   lock_shim(directory_));
    pid_ = shim.pid;
    outcome_ = parse_outcome(read_to_end(shim.outcome.get()));
    return outcome_;
}

void ShimOfTest::run(const Spec& spec) {
    const ShimOutcome outcome = start(spec);
    INFO(outcome.error);
    REQUIRE(outcome.failure == StartFailure::none);
}

ExitRecord ShimOfTest::wait() {
    int exit_code = -1;
    Child shim{std::exchange(pid_, 0)};
    wait_until([&] { return shim.has_ended(exit_code); }, "the shim has ended");
    CHECK(exit_code == 0);
    const auto record = read_exit(directory_, number_);
    REQUIRE(record);
    outcome_.pid = 0;
    return *record;
}

void ShimOfTest::reap() {
    int exit_code = 0;
    Child shim{std::exchange(pid_, 0)};
    wait_until([&] { return shim.has_ended(exit_code); }, "the shim has ended");
}

ShimMessage ShimOfTest::ask(const std::string& request) const {
    const Fd socket = connect_to_shim(directory_);
    send_message(socket.get(), request);
    ShimMessage message;
    wait_until([&] { return receive_message(socket.get(), message) == Received::message; },
               "an answer to " + request);
    return message;
}

std::string ShimOfTest::logged(std::optional<LogStream> stream) const {
    const std::string log = directory_.read(kLogFile, 64u << 20);
    std::string_view rest = log;
    std::string text;
    std::uint64_t skipped = 0;
    LogEntry entry;
    while (take_log_entry(rest, entry, &skipped)) {
        if (stream && entry.stream != *stream) continue;
        text.append(entry.text).append(entry.ends_line ? "\n" : "");
    }
    CHECK(skipped == 0);
    return text;
}

void ShimOfTest::wait_for_logged(std::string_view text) const {
    wait_until([&] { return logged().find(text) != std::string::npos; },
               "the log contains " + std::string{text});
}

void check_counted(const ShimOfTest& shim, std::size_t bytes, const std::string& reason) {
    const std::string output = shim.logged(LogStream::standard_output);
    CHECK(output.ends_with("after\n"));
    std::size_t lost = 0;
    std::istringstream errors{shim.logged(LogStream::standard_error)};
    for (std::string line; std::getline(errors, line);) {
        INFO(line);
        CHECK(line.ends_with(" bytes of output lost: " + reason + "]"));
        lost += std::stoul(line.substr(1));
    }
    CHECK(lost > 0);
    CHECK(output.size() - std::string_view{"after\n"}.size() + lost == bytes);
}
