// The exercises of chapter 1, for a program of the reader's (make exercise EX=1.4 PROGRAM=...).
#include <signal.h>

#include <algorithm>
#include <memory>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/stage1/talk.hpp"

// The manager with options of an exercise, on a free port.
class ManagerWith {
public:
    explicit ManagerWith(const std::vector<std::string>& options)
        : process_{command(options)}, port_{port_in(process_.read_line())} {}

    std::uint16_t port() const { return port_; }
    Process& process() { return process_; }

private:
    static std::vector<std::string> command(const std::vector<std::string>& options) {
        std::vector<std::string> words{program(1), "--port", "0"};
        words.insert(words.end(), options.begin(), options.end());
        return words;
    }

    Process process_;
    std::uint16_t port_;
};

static std::string created(const std::string& name) {
    return "Container '" + name + "' created at '/tmp/" + name + ".txt'";
}

static std::string listed(const std::vector<std::string>& entries) {
    std::string text;
    for (const auto& entry : entries) text += (text.empty() ? "'" : ", '") + entry + "'";
    return "Available containers: [" + text + "]";
}

// A number from the run's seed.
static std::size_t random_number(std::size_t smallest, std::size_t largest) {
    std::size_t number = 0;
    for (const char letter : random_name()) number = number * 36 + static_cast<unsigned>(letter);
    return smallest + number % (largest - smallest + 1);
}

// --- 1.1 ----------------------------------------------------------------------------------------

TEST_CASE("exercise 1.1: remove takes a container out of the table", "[.][ex-1.1]") {
    hint("the table keeps an order and an index by name: both have to forget it");
    RunningManager manager;
    TextClient client{manager.port()};
    std::vector<std::string> names;
    for (int i = 0; i < 5; ++i) {
        names.push_back(random_name());
        CHECK(client.ask("run " + names.back()) == created(names.back()));
    }
    client.ask("stop " + names[3]);
    CHECK(client.ask("remove " + names[1]) == "Container '" + names[1] + "' removed");
    CHECK(client.ask("remove " + names[1]) == "Container not found");
    CHECK(client.ask("stop " + names[1]) == "Container not found");
    CHECK(client.ask("list") == listed({names[0] + " - created", names[2] + " - created",
                                        names[3] + " - stopped", names[4] + " - created"}));
    CHECK(client.ask("run " + names[1]) == created(names[1]));
    CHECK(client.ask("list").ends_with("'" + names[1] + " - created']"));
    CHECK(client.ask("stop " + names[4]) == "Container '" + names[4] + "' stopped");
}

TEST_CASE("exercise 1.1: remove is a command like the others", "[.][ex-1.1]") {
    RunningManager manager;
    TextClient client{manager.port()};
    CHECK(client.ask("remove") == "Usage: remove <container_name>");
    CHECK(client.ask("remove a b") == "Usage: remove <container_name>");
    CHECK(client.ask("remove none") == "Container not found");
    CHECK(client.ask("remove -rf").starts_with("Invalid container name"));
    hint("the article's client sends no newline: what is a whole command?");
    TextClient article{manager.port()};
    article.send("run web");
    CHECK(article.read_line() == created("web"));
    article.send("remove web");
    CHECK(article.read_line() == "Container 'web' removed");
}

// --- 1.2 ----------------------------------------------------------------------------------------

TEST_CASE("exercise 1.2: a signal ends the manager with 0, and its port is free at once",
          "[.][ex-1.2]") {
    hint("stop listening first; then each client is answered, and none is waited for");
    for (const int number : {SIGTERM, SIGINT}) {
        auto manager = std::make_unique<ManagerWith>(std::vector<std::string>{});
        const std::string port = std::to_string(manager->port());
        TextClient silent{manager->port()};
        TextClient client{manager->port()};
        const std::string name = random_name();
        CHECK(client.ask("run " + name) == created(name));
        manager->process().signal(number);
        CHECK(manager->process().wait() == 0);
        CHECK(client.read_to_end().empty());
        CHECK(silent.read_to_end().empty());
        manager.reset();
        Process again{{program(1), "--port", port}};
        CHECK(again.read_line().ends_with(":" + port));
    }
}

TEST_CASE("exercise 1.2: what came before the signal is answered", "[.][ex-1.2]") {
    hint("a stopped manager finds commands and signal at the same time");
    RunningManager manager;
    TextClient client{manager.port()};
    client.ask("list");
    manager.process().signal(SIGSTOP);
    const std::string name = random_name();
    client.send("run " + name + "\nlist\n");
    manager.process().signal(SIGTERM);
    manager.process().signal(SIGCONT);
    CHECK(client.read_to_end() == created(name) + "\n" + listed({name + " - created"}) + "\n");
    CHECK(manager.process().wait() == 0);
}

// --- 1.3 ----------------------------------------------------------------------------------------

TEST_CASE("exercise 1.3: slow and silent clients delay nobody", "[.][ex-1.3]") {
    hint("never wait for one descriptor: wait for all of them in one epoll_wait");
    RunningManager manager;
    TextClient silent{manager.port()};
    TextClient slow{manager.port()};
    const std::string name = random_name();
    for (const char letter : "run " + name) {
        slow.send(std::string_view{&letter, 1});
        TextClient other{manager.port()};
        CHECK(other.ask("list") == "Available containers: []");
        CHECK(other.ask("stop none") == "Container not found");
    }
    slow.send("\n");
    CHECK(slow.read_line() == created(name));
    CHECK(silent.ask("list") == listed({name + " - created"}));
}

TEST_CASE("exercise 1.3: time goes on for those who send no newline", "[.][ex-1.3]") {
    hint("epoll_wait's timeout is the time until the next deadline");
    RunningManager manager;
    TextClient other{manager.port()};
    TextClient article{manager.port()};
    for (int i = 0; i < 3; ++i) {
        const std::string name = random_name();
        article.send("run " + name);
        CHECK(article.read_line() == created(name));
        CHECK(other.ask("stop " + name) == "Container '" + name + "' stopped");
    }
    manager.process().wait_for_output("Connection from");
    hint("the log is written when the round is over");
    manager.process().wait_for_output("Received data: stop");
}

// --- 1.4 ----------------------------------------------------------------------------------------

TEST_CASE("exercise 1.4: one client too many is told so, and the others go on", "[.][ex-1.4]") {
    hint("to close(2) a socket with unread bytes resets it: the line may be lost on its way");
    const std::size_t most = random_number(3, 40);
    ManagerWith manager{{"--clients", std::to_string(most)}};
    std::vector<std::unique_ptr<TextClient>> clients;
    for (std::size_t i = 0; i < most; ++i) {
        clients.push_back(std::make_unique<TextClient>(manager.port()));
        CHECK(clients.back()->ask("list") == "Available containers: []");
    }
    const std::string words = "Too many clients: at most " + std::to_string(most) + "\n";
    for (const std::string sent : {"", "list\n", "run late\nrun later\n"}) {
        TextClient one_more{manager.port()};
        one_more.send(sent);
        CHECK(one_more.read_to_end() == words);
    }
    for (auto& client : clients) CHECK(client->ask("list") == "Available containers: []");
}

TEST_CASE("exercise 1.4: a place that is free again is given away", "[.][ex-1.4]") {
    hint("those that were turned away take no place");
    ManagerWith manager{{"--clients", "2"}};
    TextClient first{manager.port()};
    CHECK(first.ask("list") == "Available containers: []");
    std::vector<std::unique_ptr<TextClient>> turned_away;
    {
        TextClient second{manager.port()};
        CHECK(second.ask("list") == "Available containers: []");
        for (int i = 0; i < 5; ++i) {
            turned_away.push_back(std::make_unique<TextClient>(manager.port()));
            CHECK(turned_away.back()->read_line() == "Too many clients: at most 2");
        }
    }
    wait_until(
        [&] {
            TextClient next{manager.port()};
            next.send("list\n");
            return next.read_line() == "Available containers: []";
        },
        "the second place to be free again");
    CHECK(first.ask("list") == "Available containers: []");
}

TEST_CASE("exercise 1.4: without the option nobody is turned away, and 0 is no number of clients",
          "[.][ex-1.4]") {
    RunningManager manager;
    std::vector<std::unique_ptr<TextClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<TextClient>(manager.port()));
        CHECK(clients.back()->ask("list") == "Available containers: []");
    }
    CHECK(run({program(1), "--port", "0", "--clients", "0"}).exit_code == 2);
    CHECK(run({program(1), "--port", "0", "--clients", "many"}).exit_code == 2);
}

// --- 1.5 ----------------------------------------------------------------------------------------

TEST_CASE("exercise 1.5: the table is there again after a restart", "[.][ex-1.5]") {
    hint("write the change before you reply");
    const std::string file = temporary_directory() + "/table";
    const std::string one = random_name(), other = random_name();
    const std::string list = listed({one + " - stopped", other + " - created"});
    {
        ManagerWith manager{{"--table", file}};
        TextClient client{manager.port()};
        CHECK(client.ask("list") == "Available containers: []");
        for (const auto& line : {"run " + one, "run " + other, "stop " + one}) client.ask(line);
        CHECK(client.ask("list") == list);
        manager.process().signal(SIGTERM);
        CHECK(manager.process().wait() == 0);
    }
    for (int round = 0; round < 2; ++round) {
        ManagerWith manager{{"--table", file}};
        CHECK(TextClient{manager.port()}.ask("list") == list);
    }
}

// What the table is when the first `count` of these containers have been run.
static std::string list_of_first(const std::vector<std::string>& names, std::size_t count) {
    std::vector<std::string> entries;
    for (std::size_t i = 0; i < count; ++i) entries.push_back(names[i] + " - created");
    return listed(entries);
}

TEST_CASE("exercise 1.5: what was acknowledged survives kill -9 at any moment",
          "[.][ex-1.5][slow]") {
    hint("a reply that went out before its change was written is a promise broken");
    const std::string file = temporary_directory() + "/table";
    std::vector<std::string> names;
    std::size_t known = 0;  // so many are in the table for certain
    for (int round = 0; round < 50; ++round) {
        ManagerWith manager{{"--table", file}};
        TextClient client{manager.port()};
        const std::string list = client.ask("list");
        // One more than was acknowledged may be there, or all that were sent.
        std::size_t found = known;
        while (found < names.size() && list != list_of_first(names, found)) ++found;
        REQUIRE(list == list_of_first(names, found));
        names.resize(found);
        known = found;
        std::string commands;
        for (int i = 0; i < 8; ++i) {
            names.push_back(random_name());
            commands += "run " + names.back() + "\n";
        }
        client.send(commands);
        for (std::size_t i = random_number(0, 8); i > 0; --i, ++known) {
            CHECK(client.read_line() == created(names[known]));
        }
        manager.process().signal(SIGKILL);
        manager.process().wait();
    }
}

TEST_CASE("exercise 1.5: a change that was only half written is forgotten", "[.][ex-1.5]") {
    hint("a line without its newline is no line; and the next one must not be joined to it");
    const std::string file = temporary_directory() + "/table";
    const auto ask = [&](const std::string& line) {
        ManagerWith manager{{"--table", file}};
        return TextClient{manager.port()}.ask(line);
    };
    ask("run first");
    ask("run second");
    const std::string whole = read_file(file);
    for (std::size_t cut = 1; cut < 4; ++cut) {
        write_file(file, whole.substr(0, whole.size() - cut));
        CHECK(ask("list") == listed({"first - created"}));
        CHECK(ask("run third") == created("third"));
        CHECK(ask("list") == listed({"first - created", "third - created"}));
    }
}

TEST_CASE("exercise 1.5: a table that cannot be read or written is an error, not an empty table",
          "[.][ex-1.5]") {
    const std::string file = temporary_directory() + "/no/such/directory/table";
    const Result result = run({program(1), "--port", "0", "--table", file});
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.err.find("No such file or directory") != std::string::npos);
}
