// The verbs of the probe, the program that tests start inside a container to look around and to
// misbehave. Each is one small function; it throws when what it asks the kernel for is refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

using Arguments = std::vector<std::string>;

struct Verb {
    std::string_view name;
    std::string_view arguments;  // "PATH MAJOR MINOR", an optional one in brackets: "[MS]"
    std::string_view help;
    int (*run)(const Arguments& arguments);  // returns the exit code
};

// One line on stdout, at once.
void say(std::string_view line);

// Verbs that look (look.cpp), that do (act.cpp), that ask the kernel (call.cpp).
std::vector<Verb> looking_verbs();
std::vector<Verb> acting_verbs();
std::vector<Verb> calling_verbs();
