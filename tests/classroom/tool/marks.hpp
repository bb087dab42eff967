// What the tests say of a program, case by case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

enum class Verdict { passed, failed, skipped };

struct Mark {
    std::string name;
    Verdict verdict = Verdict::failed;
    std::string text{};  // what is said of one that failed
};

// Those that the output of the tests, as far as it has come, has told of; in its order.
std::vector<Mark> marks_in(std::string_view output);

// "'The gate' in book/03-namespaces.md" of "not written yet: f: read 'The gate' in ...", or what
// the case itself hints at; empty when it says neither.
std::string what_to_read(const Mark& mark);
std::string hint_in(const Mark& mark);
