#include "tests/classroom/tool/exercise.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/workshop.hpp"
#include "tests/support/source.hpp"

static constexpr const char* kFolder = "book/exercises/";

// What stands between backticks.
static std::vector<std::string> in_backticks(const std::string& line) {
    std::vector<std::string> found;
    for (std::size_t start = line.find('`'); start != std::string::npos;) {
        const std::size_t end = line.find('`', start + 1);
        if (end == std::string::npos) break;
        found.push_back(line.substr(start + 1, end - start - 1));
        start = line.find('`', end + 1);
    }
    return found;
}

// `../answers/3.4.patch` in parentheses, as a path from the top of the tree.
static std::string linked_answer(const std::string& line) {
    const std::string beginning = "](../answers/";
    const std::size_t start = line.find(beginning);
    const std::size_t end = line.find(')', start);
    if (start == std::string::npos || end == std::string::npos) return {};
    return "book/" + line.substr(start + 5, end - start - 5);
}

// "3.2" is stage 3; 0 for what is no exercise's number.
static int stage_in(const std::string& id) {
    int number = 0;
    const bool two_parts = id.size() > 2 && id[0] >= '1' && id[0] <= '6' && id[1] == '.';
    if (!two_parts) return 0;
    const auto [end, error] = std::from_chars(id.data() + 2, id.data() + id.size(), number);
    return error == std::errc{} && end == id.data() + id.size() && number > 0 ? id[0] - '0' : 0;
}

Exercise read_exercise(const std::string& tree, const std::string& id) {
    Exercise exercise{.id = id, .stage = stage_in(id)};
    exercise.text_path = kFolder + id + ".md";
    if (exercise.stage == 0 || !file_exists(tree + "/" + exercise.text_path)) {
        throw Failure{"there is no exercise '" + printable(id) + "': they are in book/exercises/"};
    }
    const auto lines = lines_of(read_file(tree + "/" + exercise.text_path));
    const auto fault = [&](int line, const std::string& what) {
        return Failure{exercise.text_path + ":" + std::to_string(line) + ": " + what};
    };
    const std::string heading = "# " + id + " ";
    if (lines.empty() || !lines[0].starts_with(heading)) throw fault(1, "not '" + heading + "...'");
    exercise.title = lines[0].substr(heading.size());
    const std::string kind = lines.size() < 3 ? "" : lines[2];
    const std::string after_size = kind.substr(std::min<std::size_t>(6, kind.size()));
    if (after_size.starts_with(" · beyond · ")) {
        exercise.answer = linked_answer(kind);
        if (exercise.answer.empty()) throw fault(3, "no link to ../answers/" + id + ".patch");
    } else if (after_size.starts_with(" · hole · ")) {
        exercise.functions = in_backticks(kind);
        if (exercise.functions.size() < 2) throw fault(3, "no `file.cpp` `function`");
        exercise.file = exercise.functions.front();
        exercise.functions.erase(exercise.functions.begin());
    } else {
        throw fault(3, "not 'Size S · hole · ...' and not 'Size S · beyond · ...'");
    }
    return exercise;
}

std::vector<Exercise> all_exercises(const std::string& tree) {
    std::vector<std::string> ids;
    std::error_code not_there;
    for (const auto& entry : std::filesystem::directory_iterator{tree + "/" + kFolder, not_there}) {
        const std::string name = entry.path().filename();
        const std::string id = name.ends_with(".md") ? name.substr(0, name.size() - 3) : "";
        const int stage = stage_in(id);
        if (stage > 0 && has_stage(tree, stage)) ids.push_back(id);
    }
    std::ranges::sort(ids, {}, [](const std::string& id) {
        return std::stoi(id.substr(0, 1)) * 1000 + std::stoi(id.substr(2));
    });
    std::vector<Exercise> exercises;
    for (const auto& id : ids) exercises.push_back(read_exercise(tree, id));
    return exercises;
}
