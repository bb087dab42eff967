// The records: written whole, read with suspicion.
#include "stage6-daemon-shim/core/contract/records.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/testing.hpp"

static std::string complaint(const ContainerDir& directory) {
    try {
        read_exit(directory, 1);
        return "";
    } catch (const Failure& error) {
        return error.what();
    }
}

TEST_CASE("an exit record comes back as it was written, and only under its last name", "[stage6]") {
    const std::string path = temporary_directory();
    const ContainerDir directory = ContainerDir::open(path);
    CHECK_FALSE(read_exit(directory, 3));
    ReservedExitRecord record{directory, 3};
    CHECK(directory.has("exit.3.tmp"));
    struct stat status {};
    REQUIRE(::stat((path + "/exit.3.tmp").c_str(), &status) == 0);
    CHECK(status.st_blocks > 0);
    CHECK_FALSE(read_exit(directory, 3));

    record.write({137, 9, true, "2026-01-02T15:04:05.123456789Z"});
    CHECK_FALSE(directory.has("exit.3.tmp"));
    const auto read = read_exit(directory, 3);
    REQUIRE(read);
    CHECK(read->code == 137);
    CHECK(read->signal == 9);
    CHECK(read->oom);
    CHECK(read->time == "2026-01-02T15:04:05.123456789Z");
    CHECK(directory.last_start() == 3);
}

TEST_CASE("a reserved exit record that is never written leaves no file", "[stage6]") {
    const ContainerDir directory = ContainerDir::open(temporary_directory());
    { const ReservedExitRecord record{directory, 1}; }
    CHECK_FALSE(directory.has("exit.1.tmp"));
    CHECK(directory.last_start() == 0);
}

TEST_CASE("a started record comes back as it was written", "[stage6]") {
    const ContainerDir directory = ContainerDir::open(temporary_directory());
    const StartedRecord record{identity_of(::getpid()), {7, 8}, boot_id(), "then"};
    PreparedStartedRecord{directory, 12, record}.publish();
    const auto read = read_started(directory, 12);
    REQUIRE(read);
    CHECK(read->container == record.container);
    CHECK(read->shim == record.shim);
    CHECK(read->boot == record.boot);
    CHECK(read->time == "then");
    CHECK(directory.last_start() == 12);
    CHECK_FALSE(directory.has("started.12.json.tmp"));
}

TEST_CASE("a prepared started record is found once it is published, else nothing is left of it",
          "[stage6]") {
    const ContainerDir directory = ContainerDir::open(temporary_directory());
    const StartedRecord record{{5, 6}, {7, 8}, boot_id(), "then"};
    {
        const PreparedStartedRecord forgotten{directory, 1, record};
        CHECK_FALSE(read_started(directory, 1));
        CHECK(directory.has("started.1.json.tmp"));
    }
    CHECK_FALSE(directory.has("started.1.json.tmp"));
    PreparedStartedRecord prepared{directory, 2, record};
    prepared.publish();
    const auto read = read_started(directory, 2);
    REQUIRE(read);
    CHECK(read->container == record.container);
    CHECK(read->time == "then");
    CHECK_FALSE(directory.has("started.2.json.tmp"));
}

TEST_CASE("the first files of a directory are all there, and none that was there is taken",
          "[stage6]") {
    const ContainerDir directory = ContainerDir::open(temporary_directory());
    const ContainerDir::NewFile files[] = {{"one", "1"}, {"two", std::string(5000, '2')}};
    directory.write_first(files);
    CHECK(directory.read("one") == "1");
    CHECK(directory.read("two") == std::string(5000, '2'));
    CHECK_THROWS_AS(directory.write_first(files), SystemError);
}

TEST_CASE("a damaged record is an error that names it", "[stage6]") {
    const std::string path = temporary_directory();
    const ContainerDir directory = ContainerDir::open(path);
    const std::string good = R"({"code":0,"signal":0,"oom":false,"time":"t"})";
    for (const std::string& content :
         {std::string{}, std::string(100, '\0'), good.substr(0, 20), std::string{"[]"},
          std::string{"{}"}, std::string{R"({"code":256,"time":"t"})"},
          std::string{R"({"code":"7","time":"t"})"}, std::string{R"({"code":-1,"time":"t"})"},
          std::string{R"({"code":0,"signal":65,"time":"t"})"}, std::string{R"({"code":0})"},
          std::string(kRecordBytesMax + 1, ' ') + good, std::string(70000, '[')}) {
        write_file(path + "/exit.1.json", content);
        INFO(content.substr(0, 40));
        CHECK(complaint(directory).starts_with("corrupt state: exit.1.json: "));
    }
    write_file(path + "/exit.1.json", good);
    CHECK(complaint(directory).empty());
}

TEST_CASE("a link, a FIFO or a directory in place of a record is refused at once", "[stage6]") {
    const std::string path = temporary_directory();
    const std::string record = path + "/exit.1.json";
    const ContainerDir directory = ContainerDir::open(path);
    check(::symlink("/etc/passwd", record.c_str()), "symlink");
    CHECK(complaint(directory).starts_with("corrupt state: exit.1.json: "));
    check(::unlink(record.c_str()), "unlink");
    check(::mkfifo(record.c_str(), 0600), "mkfifo");
    CHECK(complaint(directory).starts_with("corrupt state: exit.1.json: "));
    check(::unlink(record.c_str()), "unlink");
    check(::mkdir(record.c_str(), 0700), "mkdir");
    CHECK(complaint(directory).starts_with("corrupt state: exit.1.json: "));
}

TEST_CASE("a file is replaced whole, or not at all", "[stage6]") {
    const std::string path = temporary_directory();
    const ContainerDir directory = ContainerDir::open(path);
    directory.write_whole("state.json", "old");
    directory.write_whole("state.json", "new");
    CHECK(directory.read("state.json") == "new");
    check(::mkdir((path + "/other.json.tmp").c_str(), 0700), "mkdir");
    CHECK_THROWS_AS(directory.write_whole("other.json", "text"), SystemError);
    CHECK_FALSE(directory.has("other.json"));
}
