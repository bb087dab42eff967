// What is said: one line in, one reply out. Nothing here knows of sockets, so a test can call it.
//
//   run NAME    Container 'NAME' created at '/tmp/NAME.txt'
//   stop NAME   Container 'NAME' stopped, or: Container not found
//   list        Available containers: ['web - created', 'db - stopped']
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

constexpr std::size_t kLineBytesMax = 4096;
constexpr std::size_t kContainersMax = 200'000;  // a list of them all has less than 16 MiB

// What a line means for the connection that it came from.
enum class Verdict {
    go_on,  // answered, or nothing to answer
    close,  // the client said goodbye, or it speaks another language than ours
};

// The names of containers: the manager's table, in the order in which they were first run.
// Remembers names only: in this chapter nothing runs yet, and no file is made.
class ContainerTable {
public:
    // Executes one line, given without its end, and appends the reply with one.
    Verdict execute(std::string_view line, std::string& reply);

private:
    struct Container {
        std::string name;
        std::string_view status;
    };

    void run(std::string_view name, std::string& reply);
    void stop(std::string_view name, std::string& reply);
    void list(std::string& reply) const;

    std::deque<Container> containers_;  // never moves its elements, so that `by_name_` may point
    std::unordered_map<std::string_view, Container*> by_name_;
};
