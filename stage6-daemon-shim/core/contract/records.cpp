#include "stage6-daemon-shim/core/contract/records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/contract/persistently.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr std::size_t kReservedBytes = 512;

static Json json_of(const ProcessIdentity& process) {
    return Json::object({{"pid", process.pid}, {"startTime", process.start_time}});
}

static ProcessIdentity identity_in(const JsonReader& object, std::string_view name) {
    const JsonReader process = object.get_object(name);
    const std::int64_t pid = process.get_integer("pid");
    const std::int64_t start_time = process.get_integer("startTime");
    if (pid <= 0 || pid > (1 << 30) || start_time <= 0) object.fail(name, "expected a process");
    return {static_cast<pid_t>(pid), static_cast<std::uint64_t>(start_time)};
}

static std::string required_string(const JsonReader& object, std::string_view name) {
    if (!object.has(name)) object.fail(name, "missing");
    return object.get_string(name);
}

static std::string text_of(const StartedRecord& record) {
    const Json json = Json::object({{"container", json_of(record.container)},
                                    {"shim", json_of(record.shim)},
                                    {"bootId", record.boot},
                                    {"time", record.time}});
    return json.text() + "\n";
}

PreparedStartedRecord::PreparedStartedRecord(const ContainerDir& directory, unsigned number,
                                             const StartedRecord& record)
    : directory_{directory}, name_{started_file(number)} {
    directory.write_temporary(name_, text_of(record));
}

PreparedStartedRecord::~PreparedStartedRecord() {
    if (!name_.empty()) ::unlinkat(directory_.get(), (name_ + ".tmp").c_str(), 0);
}

void PreparedStartedRecord::publish() {
    directory_.rename_durably(name_ + ".tmp", name_);
    name_.clear();
}

void remove_unfinished_records(const ContainerDir& directory, unsigned number) {
    directory.remove(reserved_exit_file(number));
    directory.remove(started_file(number) + ".tmp");
}

void remove_records(const ContainerDir& directory, unsigned number) {
    remove_unfinished_records(directory, number);
    directory.remove(exit_file(number));
    directory.remove(started_file(number));
}

static StartedRecord parse_started(const std::string& text) {
    const Json json = parse_json(text);
    const JsonReader object{json};
    return {identity_in(object, "container"), identity_in(object, "shim"),
            required_string(object, "bootId"), required_string(object, "time")};
}

static ExitRecord parse_exit(const std::string& text) {
    const Json json = parse_json(text);
    const JsonReader object{json};
    const std::int64_t code = object.has("code") ? object.get_integer("code") : -1;
    const std::int64_t signal = object.get_integer("signal");
    if (code < 0 || code > 255) object.fail("code", "expected 0 to 255");
    if (signal < 0 || signal > 64) object.fail("signal", "expected 0 to 64");
    return {static_cast<int>(code), static_cast<int>(signal), object.get_bool("oom"),
            required_string(object, "time")};
}

template <class Record>
static std::optional<Record> read_record(const ContainerDir& directory, const std::string& name,
                                         Record (*parse)(const std::string&)) {
    try {
        return parse(directory.read(name));
    } catch (const SystemError& error) {
        if (error.error() == ENOENT) return {};
        throw Failure{"corrupt state: " + name + ": " + error.what()};
    } catch (const std::exception& error) {
        throw Failure{"corrupt state: " + name + ": " + error.what()};
    }
}

std::optional<StartedRecord> read_started(const ContainerDir& directory, unsigned number) {
    return read_record(directory, started_file(number), parse_started);
}

std::optional<ExitRecord> read_exit(const ContainerDir& directory, unsigned number) {
    return read_record(directory, exit_file(number), parse_exit);
}

ReservedExitRecord::ReservedExitRecord(const ContainerDir& directory, unsigned number)
    : directory_{directory}, number_{number} {
    const std::string name = reserved_exit_file(number);
    fail_point<"open the exit record">();
    file_ = directory.open_file(name, O_WRONLY | O_CREAT | O_TRUNC);
    fail_point<"reserve the exit record">();
    if (retry([&] { return ::fallocate(file_.get(), 0, 0, kReservedBytes); }) == 0) return;
    if (errno != EOPNOTSUPP) throw SystemError{errno, "reserve", name};
    // Blanks, and on the disk: only what has been written there has blocks.
    write_all(file_.get(), std::string(kReservedBytes, ' '), name);
    check(::fsync(file_.get()), "fsync", name);
}

ReservedExitRecord::~ReservedExitRecord() {
    if (file_) ::unlinkat(directory_.get(), reserved_exit_file(number_).c_str(), 0);
}

// The code is nowhere else: one error of the disk must not cost it. Written anew before each fsync,
// because a second one alone would succeed without having written anything (fsync(2), EIO).
void ReservedExitRecord::write(const ExitRecord& record) {
    persistently([&] { try_to_write(record); });
}

void ReservedExitRecord::try_to_write(const ExitRecord& record) {
    std::string text = Json::object({{"code", record.code},
                                     {"signal", record.signal},
                                     {"oom", record.oom},
                                     {"time", record.time}})
                           .text();
    text.resize(kReservedBytes - 1, ' ');  // blanks behind a value are JSON too
    text += '\n';
    const std::string name = reserved_exit_file(number_);
    check(::lseek(file_.get(), 0, SEEK_SET), "seek", name);
    fail_point<"write the exit record">();
    write_all(file_.get(), text, name);
    fail_point<"fsync the exit record">();
    directory_.flush(file_.get(), name);
    if (directory_.has(name)) {
        directory_.rename_durably(name, exit_file(number_));
    } else {
        // It has its name, and only the directory is not known to be on the disk.
        directory_.flush(directory_.get(), "the container's directory");
    }
    file_.close();
}
