// What the articles' programs print while they work, on stderr, so that the command's own output
// stays alone on stdout.
#pragma once

#include <string>
#include <vector>

class Narrator {
public:
    explicit Narrator(bool quiet) : quiet_{quiet} {}

    // One line, in one write. Does nothing with --quiet; a closed stderr is no reason to fail.
    void say(const std::string& line) const;

private:
    bool quiet_;
};

// A command as the article's Python program prints it: sh -c ls; and its Go program: [sh -c ls].
std::string joined(const std::vector<std::string>& words);
std::string bracketed(const std::vector<std::string>& words);
