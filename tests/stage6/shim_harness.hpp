// A shim without a daemon: started by the contract, fed, asked, and looked at from outside.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "stage6-daemon-shim/core/contract/log_line.hpp"
#include "stage6-daemon-shim/core/contract/records.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"
#include "tests/support/testing.hpp"

// A plain process, in "/".
Spec plain_spec(std::vector<std::string> command);

// A container whose root holds /probe and nothing else, an overlay; "probe VERB..." is its command.
// As an ordinary user with a user namespace; ends the case as skipped where there is none.
Spec container_spec(std::vector<std::string> verb);

class ShimOfTest {
public:
    // The container's directory is made in `place`.
    explicit ShimOfTest(const std::string& place = temporary_directory());
    ShimOfTest(const ShimOfTest&) = delete;
    ShimOfTest& operator=(const ShimOfTest&) = delete;
    ~ShimOfTest();  // kills shim and container, if they are still there

    // Writes config.json, and starts a shim for it; the start's numbers count from 1. Fills in
    // where the overlay's directories and the cgroups are, when the spec is isolated. Returns what
    // came of it.
    ShimOutcome start(Spec spec);

    // Names the places of its cgroups in the spec; done by start() when the spec is isolated.
    void give_cgroups(Spec& spec);

    // The same, and the start must succeed.
    void run(const Spec& spec);

    pid_t pid() const { return pid_; }
    pid_t container_pid() const { return outcome_.pid; }
    const ContainerDir& directory() const { return directory_; }
    const std::string& path() const { return path_; }
    const std::vector<std::string>& cgroups() const { return cgroups_; }
    unsigned number() const { return number_; }

    // Until the shim has ended, which must be in order, and the exit record that it left.
    ExitRecord wait();

    // Reaps a shim that was killed.
    void reap();

    // The answer to a request.
    ShimMessage ask(const std::string& request) const;

    // What the log holds of one stream, put together; of both when none is named.
    std::string logged(std::optional<LogStream> stream = {}) const;

    void wait_for_logged(std::string_view text) const;

private:
    std::string id_;
    std::string path_;
    ContainerDir directory_;
    std::vector<std::string> cgroups_;
    unsigned number_ = 0;
    pid_t pid_ = 0;
    ShimOutcome outcome_;
};

// Of the `bytes` that a container has printed before "after\n" each is in the log, or counted among
// those that were lost for this reason: one line a gap, and mostly there is one.
void check_counted(const ShimOfTest& shim, std::size_t bytes, const std::string& reason);
