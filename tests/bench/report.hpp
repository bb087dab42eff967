// What a person reads: Markdown with aligned tables, printed as it comes and kept for a file.
#pragma once

#include <string>
#include <vector>

// A ratio that has been promised.
struct Target {
    std::string what;  // "stage 5 beside the best floor, cold"
    double value = 0;  // what was measured; not a number when it could not be
    double bound = 0;
    bool at_most = true;    // else at least
    std::string why_not{};  // when it could not be measured

    bool is_met() const { return at_most ? value <= bound : value >= bound; }
};

class Report {
public:
    // A quiet one prints the targets alone, at the end.
    explicit Report(bool quiet) : quiet_{quiet} {}

    void heading(const std::string& text);
    void paragraph(const std::string& text);
    // The first row is the heading; all columns but the first are numbers.
    void table(const std::vector<std::vector<std::string>>& rows);

    void add(Target target);
    // The table of all targets, and how many fall short.
    void targets();

    const std::string& text() const { return text_; }

private:
    void put(const std::string& text);

    bool quiet_;
    std::string text_;
    std::vector<Target> targets_;
};
