// How long things may be.
#include <algorithm>

#include "tests/house/rules.hpp"

static constexpr std::size_t kLineLengthMax = 100;
static constexpr std::size_t kFileLinesMax = 350;
static constexpr std::size_t kFunctionLinesMax = 50;
static constexpr std::size_t kMainLinesMax = 40;

// Characters, not bytes: the continuation bytes of UTF-8 do not count.
static std::size_t characters_of(const std::string& line) {
    return static_cast<std::size_t>(
        std::ranges::count_if(line, [](char byte) { return (byte & 0xc0) != 0x80; }));
}

Faults check_lengths(const SourceFile& file) {
    Faults faults;
    if (!is_code(file.path)) return faults;
    const auto lines = lines_of(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t length = characters_of(lines[i]);
        if (length <= kLineLengthMax) continue;
        faults.push_back({file.path, i + 1, "line of " + std::to_string(length) + " characters"});
    }
    if (lines.size() > kFileLinesMax && !is_table(file.path)) {
        faults.push_back({file.path, 0, "file of " + std::to_string(lines.size()) + " lines"});
    }
    return faults;
}

struct Function {
    std::size_t first_line = 0;
    std::size_t last_line = 0;
    bool is_main = false;
};

// Finds the bodies of functions in code formatted by clang-format: a body's brace has a space
// before it and its head a parenthesis; an initializer's follows a name or stands behind `=`.
class FunctionFinder {
public:
    explicit FunctionFinder(const std::string& code) : code_{code} {
        for (at_ = 0; at_ < code_.size(); ++at_) take(code_[at_]);
    }

    const std::vector<Function>& found() const { return found_; }

private:
    enum class Brace { scope, function, other };

    void take(char letter) {
        if (letter == '\n') ++line_;
        if (letter == '{') return open();
        if (letter == '}') return close();
        if (letter == ';' || (letter == '\n' && head_.starts_with('#'))) return head_.clear();
        if (head_.empty() && (letter == ' ' || letter == '\n')) return;
        if (head_.empty()) head_line_ = line_;
        head_ += letter;
    }

    void open() {
        const bool inside = std::ranges::find(braces_, Brace::function) != braces_.end();
        const std::size_t last = head_.find_last_not_of(" \n");
        const char before = last == std::string::npos ? '{' : head_[last];
        const bool is_initializer =
            last + 1 == head_.size() || before == '=' || before == ',' || before == '(' || inside;
        if (is_initializer) {
            braces_.push_back(Brace::other);
        } else if (head_.find(')') != std::string::npos && !head_.starts_with("enum ")) {
            braces_.push_back(Brace::function);
            found_.push_back({head_line_, line_, head_.starts_with("int main(")});
            head_.clear();
        } else {
            braces_.push_back(Brace::scope);
            head_.clear();
        }
    }

    void close() {
        if (braces_.empty()) return;
        const Brace brace = braces_.back();
        braces_.pop_back();
        if (brace == Brace::function) found_.back().last_line = line_;
        if (brace != Brace::other) head_.clear();
    }

    const std::string& code_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t head_line_ = 1;
    std::string head_;
    std::vector<Brace> braces_;
    std::vector<Function> found_;
};

Faults check_functions(const SourceFile& file) {
    Faults faults;
    if (!is_code(file.path) || is_table(file.path)) return faults;
    const std::string code = code_of(file.text);
    const FunctionFinder finder{code};
    for (const Function& function : finder.found()) {
        const std::size_t lines = function.last_line - function.first_line + 1;
        const bool is_step = function.is_main && stage_of(file.path) > 0;
        const std::size_t allowed = is_step ? kMainLinesMax : kFunctionLinesMax;
        if (lines <= allowed) continue;
        faults.push_back({file.path, function.first_line,
                          "function of " + std::to_string(lines) + " lines (" +
                              std::to_string(allowed) + " allowed)"});
    }
    return faults;
}

std::size_t lines_of_code(const std::string& text) {
    const auto lines = lines_of(code_of(text));
    return static_cast<std::size_t>(std::ranges::count_if(lines, [](const std::string& line) {
        return line.find_first_not_of(' ') != std::string::npos;
    }));
}
