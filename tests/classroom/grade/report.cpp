// Grades, for a teacher and for the teacher's programs.
#include <algorithm>
#include <cstdio>

#include "common/error.hpp"
#include "tests/classroom/grade/submission.hpp"

static std::string first_lost(const Grade& grade) {
    const auto lost = std::ranges::find_if(
        grade.marks, [](const Mark& one) { return one.verdict != Verdict::passed; });
    return lost == grade.marks.end() ? "" : lost->name;
}

static std::string line_of(const Grade& grade, std::size_t width) {
    std::string line = "  " + printable(grade.name);
    line.resize(std::max(line.size(), width + 4), ' ');
    char points[32];
    std::snprintf(points, sizeof points, "%3d/%zu  ", grade.points(), grade.marks.size());
    line += points;
    if (!grade.note.empty()) return line + printable(grade.note) + "\n";
    const std::string lost = first_lost(grade);
    return line + (lost.empty() ? "all" : "first lost: " + lost) + "\n";
}

// What a class has not understood: the tests that most lost.
static std::string lost_by_many(const std::vector<Grade>& grades) {
    std::vector<std::pair<int, std::string>> losses;
    for (std::size_t i = 0; !grades.empty() && i < grades[0].marks.size(); ++i) {
        int count = 0;
        for (const Grade& grade : grades) count += grade.marks[i].verdict != Verdict::passed;
        if (count > 1) losses.emplace_back(-count, grades[0].marks[i].name);
    }
    std::ranges::stable_sort(losses, {}, &std::pair<int, std::string>::first);
    std::string text = losses.empty() ? "" : "lost by most:\n";
    for (std::size_t i = 0; i < std::min<std::size_t>(losses.size(), 5); ++i) {
        text += "  " + std::to_string(-losses[i].first) + " x  " + losses[i].second + "\n";
    }
    return text;
}

std::string grades_as_text(const Grading& grading, const std::vector<Grade>& grades) {
    std::string text = "stage " + std::to_string(grading.stage) + ", " +
                       std::to_string(grading.cases.size()) + " points, seed " +
                       std::to_string(grading.seed) + "\n";
    std::size_t width = 0;
    for (const Grade& grade : grades) width = std::max(width, printable(grade.name).size());
    for (const Grade& grade : grades) text += line_of(grade, width);
    if (grades.size() > 1) return text + lost_by_many(grades);
    for (const Mark& mark : grades.empty() ? std::vector<Mark>{} : grades[0].marks) {
        text += std::string{mark.verdict == Verdict::passed ? "  1  " : "  0  "} + mark.name + "\n";
    }
    return text;
}

static std::string in_quotes(const std::string& text) {
    std::string quoted = "\"";
    for (const char letter : printable(text)) {
        if (letter == '"' || letter == '\\') quoted += '\\';
        quoted += letter;
    }
    return quoted + "\"";
}

static std::string tests_as_json(const Grade& grade) {
    std::string text;
    for (const Mark& mark : grade.marks) {
        text += (text.empty() ? "" : ", ") + ("{\"name\": " + in_quotes(mark.name)) +
                ", \"points\": " + (mark.verdict == Verdict::passed ? "1" : "0") + "}";
    }
    return "[" + text + "]";
}

std::string grades_as_json(const Grading& grading, const std::vector<Grade>& grades) {
    std::string students;
    for (const Grade& grade : grades) {
        students +=
            (students.empty() ? "\n  " : ",\n  ") + ("{\"name\": " + in_quotes(grade.name)) +
            ", \"points\": " + std::to_string(grade.points()) +
            ", \"note\": " + in_quotes(grade.note) + ", \"tests\": " + tests_as_json(grade) + "}";
    }
    return "{\"stage\": " + std::to_string(grading.stage) +
           ", \"seed\": " + std::to_string(grading.seed) +
           ", \"points\": " + std::to_string(grading.cases.size()) + ", \"students\": [" +
           students + "\n]}\n";
}
