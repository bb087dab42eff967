// The log's format: what is encoded comes back to the byte, however it was cut.
#include "stage6-daemon-shim/core/contract/log_line.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <random>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/timestamp.hpp"
#include "tests/support/testing.hpp"

static constexpr std::string_view kTime = "2026-01-02T15:04:05.123456789Z";

static std::string encoded(std::string_view bytes) {
    const std::string header = log_header(kTime, LogStream::standard_output);
    std::string buffer(kLogEntryBytesMax * 2, '\0');
    std::string log;
    while (!bytes.empty()) {
        log.append(buffer, 0, encode_log_entries(header, bytes, buffer));
    }
    return log;
}

// What the entries hold, put together; at the end `log` is what is no whole entry.
static std::string decoded(std::string_view& log, std::uint64_t* skipped = nullptr) {
    std::string text;
    LogEntry entry;
    while (take_log_entry(log, entry, skipped)) {
        CHECK(entry.text.size() <= kLogTextBytesMax);
        text.append(entry.text).append(entry.ends_line ? "\n" : "");
    }
    return text;
}

static std::string decoded(const std::string& log) {
    std::string_view rest = log;
    const std::string text = decoded(rest);
    CHECK(rest.empty());
    return text;
}

TEST_CASE("an entry says when, which stream, and whether a newline followed", "[stage6]") {
    CHECK(encoded("one\ntwo") ==
          "2026-01-02T15:04:05.123456789Z stdout F one\n"
          "2026-01-02T15:04:05.123456789Z stdout P two\n");
    CHECK(log_header(kTime, LogStream::standard_error) ==
          "2026-01-02T15:04:05.123456789Z stderr F ");
    CHECK(encoded("\n") == "2026-01-02T15:04:05.123456789Z stdout F \n");
    CHECK(encoded("").empty());
}

TEST_CASE("a decoded entry has the parts of the line", "[stage6]") {
    std::string_view log = "2026-01-02T15:04:05.123456789Z stderr P some text\nrest";
    LogEntry entry;
    REQUIRE(take_log_entry(log, entry));
    CHECK(entry.time == kTime);
    CHECK(entry.stream == LogStream::standard_error);
    CHECK_FALSE(entry.ends_line);
    CHECK(entry.text == "some text");
    CHECK(log == "rest");
    CHECK_FALSE(take_log_entry(log, entry));
}

TEST_CASE("texts longer than 16 KiB become pieces, and a newline ends the last", "[stage6]") {
    for (const std::size_t size : {kLogTextBytesMax - 1, kLogTextBytesMax, kLogTextBytesMax + 1,
                                   2 * kLogTextBytesMax, 100000ul}) {
        const std::string line = std::string(size, 'x') + "\n";
        const std::string log = encoded(line);
        CHECK(decoded(log) == line);
        const auto pieces = (size + kLogTextBytesMax - 1) / kLogTextBytesMax;
        CHECK(std::count(log.begin(), log.end(), '\n') == static_cast<long>(pieces));
    }
}

TEST_CASE("any bytes come back as they were, wherever the reads cut them", "[stage6]") {
    std::mt19937 random{6};
    const std::string alphabet{"\xff\xfe\0\x1b[\n\n\r ab", 11};
    for (int round = 0; round < 200; ++round) {
        std::string bytes;
        for (auto left = random() % 3000; left > 0; --left) {
            bytes += alphabet[random() % alphabet.size()];
        }
        std::string log;
        for (std::string_view rest = bytes; !rest.empty();) {
            const std::size_t size = std::min<std::size_t>(1 + random() % 700, rest.size());
            log += encoded(rest.substr(0, size));
            rest.remove_prefix(size);
        }
        REQUIRE(decoded(log) == bytes);
    }
}

TEST_CASE("a log read in pieces gives the same entries as read at once", "[stage6]") {
    const std::string bytes = "first\n\nlong " + std::string(20000, 'y') + "\nlast";
    const std::string log = encoded(bytes);
    for (std::size_t step = 1; step < 200; step += 13) {
        std::string text;
        std::string held;
        for (std::size_t at = 0; at < log.size(); at += step) {
            held.append(log, at, step);
            std::string_view rest = held;
            text += decoded(rest);
            held.erase(0, held.size() - rest.size());
        }
        REQUIRE(text == bytes);
        REQUIRE(held.empty());
    }
}

TEST_CASE("what a container prints can't be taken for an entry of its own", "[stage6]") {
    const std::string forged = "2026-01-02T15:04:05.123456789Z stderr F forged\n" +
                               std::string{kTime} + " stdout F \n{\"log\":\"x\"}\n";
    const std::string log = encoded(forged);
    std::string_view rest = log;
    LogEntry entry;
    while (take_log_entry(rest, entry)) CHECK(entry.stream == LogStream::standard_output);
    CHECK(decoded(log) == forged);
}

TEST_CASE("what is no entry is skipped up to the next one, and counted", "[stage6]") {
    const std::string good = encoded("good\n");
    const std::string long_rubbish(kLogEntryBytesMax * 2, 'r');
    for (const std::string& rubbish : {std::string{"rubbish\n"}, std::string(4096, '\0') + "\n",
                                       std::string{"\n"}, std::string{kTime} + " stdxxx F a\n",
                                       std::string{kTime} + " stdout X a\n", long_rubbish + "\n"}) {
        const std::string log = rubbish + good;
        std::string_view rest = log;
        std::uint64_t skipped = 0;
        CHECK(decoded(rest, &skipped) == "good\n");
        CHECK(skipped == rubbish.size());
    }
    std::string_view endless = long_rubbish;
    std::uint64_t skipped = 0;
    CHECK(decoded(endless, &skipped).empty());
    CHECK(endless.empty());  // it need not be kept in memory
}

TEST_CASE("a torn tail of the log is cut off, and nothing else", "[stage6]") {
    const std::string whole = encoded("one\ntwo\n" + std::string(9000, 'z') + "\n");
    const std::string next = encoded(std::string(9000, 'q') + "\n");
    const std::string path = temporary_directory() + "/log";
    for (std::size_t torn = 0; torn < next.size(); torn += 37) {
        write_file(path, whole + next.substr(0, torn));
        const Fd log{check(::open(path.c_str(), O_RDWR | O_CLOEXEC), "open", path)};
        REQUIRE(cut_torn_tail(log.get()) == whole.size());
        REQUIRE(read_file(path) == whole);
    }
    write_file(path, std::string(5000, '\0'));
    const Fd log{check(::open(path.c_str(), O_RDWR | O_CLOEXEC), "open", path)};
    CHECK(cut_torn_tail(log.get()) == 0);
}

TEST_CASE("times are written as Docker writes them", "[stage6]") {
    CHECK(timestamp({1767366245, 123456789}) == kTime);
    CHECK(timestamp({0, 0}) == "1970-01-01T00:00:00.000000000Z");
    CHECK(timestamp({1709164799, 5}) == "2024-02-28T23:59:59.000000005Z");
    CHECK(timestamp({1709164800, 0}) == "2024-02-29T00:00:00.000000000Z");
    CHECK(timestamp({-1, 999999999}) == "1969-12-31T23:59:59.999999999Z");
}
