#include "stage1-tcp-manager/protocol.hpp"

#include "stage1-tcp-manager/validation.hpp"
#include "tests/support/testing.hpp"

static std::string reply_to(ContainerTable& table, std::string_view line) {
    std::string reply;
    table.execute(line, reply);
    return reply;
}

static bool closes(std::string_view line) {
    ContainerTable table;
    std::string reply;
    return table.execute(line, reply) == Verdict::close;
}

TEST_CASE("the table answers in the article's words", "[stage1]") {
    ContainerTable table;
    CHECK(reply_to(table, "list") == "Available containers: []\n");
    CHECK(reply_to(table, "run web") == "Container 'web' created at '/tmp/web.txt'\n");
    CHECK(reply_to(table, "run db") == "Container 'db' created at '/tmp/db.txt'\n");
    CHECK(reply_to(table, "stop db") == "Container 'db' stopped\n");
    CHECK(reply_to(table, "stop db") == "Container 'db' stopped\n");
    CHECK(reply_to(table, "stop no") == "Container not found\n");
    CHECK(reply_to(table, "list") == "Available containers: ['web - created', 'db - stopped']\n");
    CHECK(reply_to(table, "run") == "Usage: run <container_name>\n");
    CHECK(reply_to(table, "stop") == "Usage: stop <container_name>\n");
    CHECK(reply_to(table, "foo bar") == "Unknown command foo\n");
    CHECK(reply_to(table, "LIST") == "Unknown command LIST\n");
}

TEST_CASE("a name that is run again starts afresh and keeps its place in the list", "[stage1]") {
    ContainerTable table;
    for (const auto* line : {"run a", "run b", "stop a", "stop b", "run a"}) reply_to(table, line);
    CHECK(reply_to(table, "list") == "Available containers: ['a - created', 'b - stopped']\n");
}

TEST_CASE("blanks around the words count for nothing, and a blank line is ignored", "[stage1]") {
    ContainerTable table;
    CHECK(reply_to(table, " \t run \t web  ") == "Container 'web' created at '/tmp/web.txt'\n");
    for (const auto* blank : {"", " ", "\t \t"}) CHECK(reply_to(table, blank).empty());
}

TEST_CASE("a command with words too many is not executed", "[stage1]") {
    ContainerTable table;
    CHECK(reply_to(table, "run a b") == "Usage: run <container_name>\n");
    CHECK(reply_to(table, "list all") == "Usage: list\n");
    CHECK(reply_to(table, "list") == "Available containers: []\n");
}

TEST_CASE("a name is a word that could be a file name and nothing more", "[stage1]") {
    const std::string longest(kNameBytesMax, 'n');
    const std::vector<std::string> good_names = {"a", "7", "web_1.x-y", longest};
    for (const std::string& name : good_names) {
        INFO(name);
        CHECK(why_invalid_name(name).empty());
    }
    const std::vector<std::string> bad_names = {"",    ".",           "..",      "../../etc/x",
                                                "a/b", "-x",          "_x",      "a b",
                                                "a'b", "caf\xc3\xa9", "\u202ex", longest + "n"};
    for (const std::string& name : bad_names) {
        INFO(name);
        CHECK(why_invalid_name(name).starts_with("Invalid container name"));
    }
    CHECK(!why_invalid_name(std::string_view{"a\0b", 3}).empty());
}

TEST_CASE("control characters and bytes that are no UTF-8 are refused and not echoed", "[stage1]") {
    ContainerTable table;
    for (const std::string bad : {"run a\x1b[2J", "\x1b]52;c;x\a", "run a\rb", "run a\x7f",
                                  "run \xff", "run \xc0\xaf", "f\xc2\x9bo", "run a\vb"}) {
        const std::string reply = reply_to(table, bad);
        INFO(reply);
        CHECK(reply == "Invalid line: it has control characters or is not UTF-8\n");
    }
    CHECK(reply_to(table, "list") == "Available containers: []\n");
}

TEST_CASE("what is not this protocol ends the connection", "[stage1]") {
    for (const std::string line : {"GET / HTTP/1.1", "POST /x HTTP/1.0", "post / HTTP/1.1", "PUT x",
                                   "Host: localhost", "host:localhost", "PRI * HTTP/2.0"}) {
        INFO(line);
        CHECK(closes(line));
    }
    CHECK(closes(std::string_view{"\x16\x03\x01\0\xa5", 5}));
    CHECK(!closes("get x"));
    CHECK(!closes("hostess"));
    CHECK(!closes("PRI x"));
}

TEST_CASE("the client's goodbyes end the connection without a reply", "[stage1]") {
    ContainerTable table;
    for (const auto* line : {"exit", "quit", "Connection closed."}) {
        INFO(line);
        CHECK(closes(line));
        CHECK(reply_to(table, line).empty());
    }
}

TEST_CASE("only a whole command can do without a newline", "[stage1]") {
    for (const auto* whole : {"list", "exit", "quit", "run a", "stop a", " list ", "  ",
                              "Connection closed.", "\tConnection closed. "}) {
        INFO(whole);
        CHECK(is_whole_command(whole));
    }
    for (const auto* part :
         {"lis", "run", "run ", "stop", "Connection", "listen", "run a b", "run a/", "list\r"}) {
        INFO(part);
        CHECK(!is_whole_command(part));
    }
}

TEST_CASE("the table has an end", "[stage1][slow]") {
    ContainerTable table;
    std::string reply;
    for (std::size_t i = 0; i < kContainersMax; ++i) {
        reply.clear();
        table.execute("run c" + std::to_string(i), reply);
    }
    CHECK(reply.starts_with("Container 'c"));
    CHECK(reply_to(table, "run another") == "Too many containers: at most 200000\n");
    CHECK(reply_to(table, "run c0") == "Container 'c0' created at '/tmp/c0.txt'\n");
    CHECK(reply_to(table, "list").size() < 16 * 1024 * 1024);
}

// The best of several rounds: what other programs on the machine take is not the table's.
static std::chrono::nanoseconds time_of_run_and_stop(ContainerTable& table) {
    using clock = std::chrono::steady_clock;
    auto best = std::chrono::nanoseconds::max();
    std::string reply;
    for (int round = 0; round < 20; ++round) {
        const auto began = clock::now();
        for (int i = 0; i < 100; ++i) {
            reply.clear();
            table.execute("run c" + std::to_string(i % 10), reply);
            table.execute("stop c" + std::to_string(i % 10), reply);
        }
        best = std::min<std::chrono::nanoseconds>(best, clock::now() - began);
    }
    return best;
}

TEST_CASE("run and stop cost the same with ten and with 100000 containers", "[stage1]") {
    ContainerTable few, many;
    std::string reply;
    for (int i = 0; i < 100'000; ++i) {
        reply.clear();
        if (i < 10) few.execute("run c" + std::to_string(i), reply);
        many.execute("run c" + std::to_string(i), reply);
    }
    CHECK(time_of_run_and_stop(many) < 10 * time_of_run_and_stop(few));
}
