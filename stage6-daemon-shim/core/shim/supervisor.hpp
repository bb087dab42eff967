// Keeps one container alive without the daemon: writes its log, answers requests, reaps, and
// records its end. One poll loop.
#pragma once

#include <string>

#include "common/process.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/records.hpp"
#include "stage6-daemon-shim/core/shim/log_writer.hpp"
#include "stage6-daemon-shim/core/shim/request_server.hpp"
#include "stage6-daemon-shim/core/shim/running_container.hpp"

// The shim's signals: deaths, and the requests to end, which go on to the container. SIGPIPE and
// SIGXFSZ are among them so that neither a vanished reader nor a limit on files ends us.
inline constexpr std::initializer_list<int> kSignalsOfShim = {SIGCHLD, SIGTERM, SIGINT, SIGHUP,
                                                              SIGQUIT, SIGPIPE, SIGXFSZ};

class Supervisor {
public:
    Supervisor(SignalFd& signals, LogWriter& log, RequestServer& requests, ExecProcesses& execs);

    // Runs until the container has ended, kills and reaps what it left, and writes the exit record
    // when the log holds the last byte. Throws SystemError.
    void keep(RunningContainer& container, ReservedExitRecord& record);

private:
    struct Exit {
        int code = 0, signal = 0;
        std::string time;
    };

    bool has_ended(Exit& exit);
    void wait_for_events(int milliseconds);
    void give_memory_back();
    void move_output(Fd& pipe, LogStream stream);
    void take_signal();
    void kill_the_rest();
    void settle();

    SignalFd& signals_;
    LogWriter& log_;
    RequestServer& requests_;
    ExecProcesses& execs_;
    std::vector<pollfd> ready_;
    RunningContainer* container_ = nullptr;
    bool buffers_are_used_ = false;
};
