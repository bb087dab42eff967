// What the writers print: every byte follows from a seed, so that each one that is lost, doubled or
// altered on its way is seen.
#pragma once

#include <cstddef>
#include <string>

struct Noise {
    unsigned seed = 1;
    unsigned lines = 1000;
};

// Line `number`: its number, then short text, or bytes with FF, NUL, ESC and CR, or, now and then,
// 100 KB without a newline. The last line may lack its newline.
std::string noise_line(const Noise& noise, unsigned number);

// All of them.
std::string noise_text(const Noise& noise);

// The main of the process in the container: prints it with pauses, and exits with the code.
int write_noise(const Noise& noise, unsigned pause_microseconds, int exit_code);

// Empty when they are the same; else where they differ, and what became of the bytes.
std::string compare_noise(const std::string& expected, const std::string& found);

// What became of the lines, each known by its number: "MISSING DOUBLED ALTERED".
std::string tally_noise(const Noise& noise, const std::string& found);
