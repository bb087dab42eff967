#include "stage6-daemon-shim/core/client/json_lines.hpp"

static constexpr std::size_t kLineBytesMax = 1u << 20;

static void take_line(std::string_view line, const std::function<void(const Json&)>& take) {
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) take(parse_json(line));
}

void for_each_json(HttpConnection& answer, const std::function<void(const Json&)>& take) {
    std::string input;
    while (answer.receive(input)) {
        std::size_t start = 0;
        for (auto end = input.find('\n'); end != std::string::npos; end = input.find('\n', start)) {
            take_line(std::string_view{input}.substr(start, end - start), take);
            start = end + 1;
        }
        input.erase(0, start);
        if (input.size() > kLineBytesMax) {
            throw Failure{"a line of more than 1 MiB in the daemon's answer"};
        }
    }
    take_line(input, take);
}
