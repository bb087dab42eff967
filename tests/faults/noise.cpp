#include "tests/faults/noise.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/faults/pause.hpp"

// splitmix64: the same numbers on every machine.
static std::uint64_t mix(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

static constexpr std::size_t kLongLine = 100'000;
static constexpr std::string_view kHardBytes{"\xff\xfe\0\x1b[0m\r\t\x80 F P\\\"", 18};

std::string noise_line(const Noise& noise, unsigned number) {
    std::uint64_t random = mix(mix(noise.seed) + number);
    std::string line = std::to_string(number) + " ";
    std::size_t size = random % 90;
    if (random % 211 == 0) size = kLongLine;
    const bool hard = random / 1000 % 3 == 0;
    while (line.size() < size) {
        random = mix(random);
        line += hard ? kHardBytes[random % kHardBytes.size()]
                     : static_cast<char>('a' + static_cast<int>(random % 26));
    }
    const bool is_last = number == noise.lines;
    if (!is_last || noise.seed % 2 == 0) line += '\n';
    return line;
}

std::string noise_text(const Noise& noise) {
    std::string text;
    for (unsigned number = 1; number <= noise.lines; ++number) text += noise_line(noise, number);
    return text;
}

int write_noise(const Noise& noise, unsigned pause_microseconds, int exit_code) {
    std::string bytes;
    for (unsigned number = 1; number <= noise.lines; ++number) {
        bytes += noise_line(noise, number);
        if (number % 16 != 0 && number != noise.lines) continue;
        write_all(STDOUT_FILENO, bytes, "stdout");
        bytes.clear();
        if (pause_microseconds > 0) pause_for(std::chrono::microseconds{pause_microseconds});
    }
    return exit_code;
}

std::string compare_noise(const std::string& expected, const std::string& found) {
    if (expected == found) return {};
    const auto [mine, other] = std::ranges::mismatch(expected, found);
    const auto offset = static_cast<std::size_t>(mine - expected.begin());
    std::string text = std::to_string(found.size()) + " bytes instead of " +
                       std::to_string(expected.size()) + ", different from byte " +
                       std::to_string(offset) + " on: \"";
    return text + printable(found.substr(offset, 40)) + "\" instead of \"" +
           printable(expected.substr(offset, 40)) + "\"";
}

std::string tally_noise(const Noise& noise, const std::string& found) {
    std::map<std::string, std::vector<std::string>> lines;  // by number
    for (std::size_t at = 0; at < found.size();) {
        const auto end = std::min(found.find('\n', at), found.size());
        const std::string line = found.substr(at, end - at);
        lines[line.substr(0, line.find(' '))].push_back(line);
        at = end + 1;
    }
    unsigned missing = 0, doubled = 0, altered = 0;
    for (unsigned number = 1; number <= noise.lines; ++number) {
        std::string expected = noise_line(noise, number);
        if (expected.ends_with('\n')) expected.pop_back();
        const auto& seen = lines[std::to_string(number)];
        missing += seen.empty() ? 1 : 0;
        doubled += seen.size() > 1 ? 1 : 0;
        altered += !seen.empty() && seen[0] != expected ? 1 : 0;
    }
    return std::to_string(missing) + " " + std::to_string(doubled) + " " + std::to_string(altered);
}
