// What the shim writes down about one start, and the daemon reads, perhaps after a restart.
//
// No started record: it never ran. Started, and the lock is held: it runs. An exit record: it has
// exited. Started, no exit record and a free lock: the shim died, and nobody knows the code.
#pragma once

#include <optional>
#include <string>

#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/process_identity.hpp"

struct StartedRecord {
    ProcessIdentity container;  // its first process, as the host numbers it
    ProcessIdentity shim;
    std::string boot;  // see boot_id()
    std::string time;  // see timestamp()
};

struct ExitRecord {
    int code = 0;      // 0 to 255; 128 + n when signal n killed it
    int signal = 0;    // what killed it, or 0
    bool oom = false;  // a process of the container was killed for want of memory
    std::string time;
};

// A started record is written in two steps: the disk is waited for while the container's process is
// being made, and the record gets its name when that has become the container's program.
class PreparedStartedRecord {
public:
    // Makes started.N.json.tmp, and it is on the disk. Throws SystemError.
    PreparedStartedRecord(const ContainerDir& directory, unsigned number,
                          const StartedRecord& record);
    PreparedStartedRecord(const PreparedStartedRecord&) = delete;
    PreparedStartedRecord& operator=(const PreparedStartedRecord&) = delete;
    ~PreparedStartedRecord();  // removes it, if it has no name yet

    // Durable when it returns. Throws SystemError.
    void publish();

private:
    const ContainerDir& directory_;
    std::string name_;
};

// What a shim that was killed has left half written. Throws SystemError.
void remove_unfinished_records(const ContainerDir& directory, unsigned number);

// All of that start, finished or not. Throws SystemError.
void remove_records(const ContainerDir& directory, unsigned number);

// Nothing where there is no such record. Throws Failure "corrupt state: started.1.json: ..." for
// one that is damaged, too large, or no regular file.
std::optional<StartedRecord> read_started(const ContainerDir& directory, unsigned number);
std::optional<ExitRecord> read_exit(const ContainerDir& directory, unsigned number);

// The exit record has its blocks of the disk before the container runs: a disk that is full later
// costs no exit code. fallocate(2).
class ReservedExitRecord {
public:
    // Makes exit.N.tmp. Throws SystemError.
    ReservedExitRecord(const ContainerDir& directory, unsigned number);
    ReservedExitRecord(const ReservedExitRecord&) = delete;
    ReservedExitRecord& operator=(const ReservedExitRecord&) = delete;
    ~ReservedExitRecord();  // removes it, if it was not written

    // Writes the record over it and gives it its name, persistently. Durable when it returns.
    // Throws SystemError.
    void write(const ExitRecord& record);

private:
    void try_to_write(const ExitRecord& record);

    const ContainerDir& directory_;
    unsigned number_;
    Fd file_;
};
