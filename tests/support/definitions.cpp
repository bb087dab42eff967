#include "tests/support/definitions.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string_view>

#include "tests/support/source.hpp"

static bool is_name_letter(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

static std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char letter) { return letter == ' ' || letter == '\n'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// Where the bracket at `open` is closed; the end of the text where it is not.
static std::size_t matching(std::string_view code, std::size_t open) {
    static constexpr std::string_view kBrackets = "(){}[]<>";
    const char begin = code[open];
    const char end = kBrackets[kBrackets.find(begin) + 1];
    std::size_t depth = 0;
    for (std::size_t at = open; at < code.size(); ++at) {
        if (code[at] == begin) ++depth;
        if (code[at] == end && --depth == 0) return at;
    }
    return code.size();
}

static bool starts_with_word(std::string_view text, std::string_view word) {
    return text.starts_with(word) &&
           (text.size() == word.size() || !is_name_letter(text[word.size()]));
}

// The head without `template <...>`, attributes and words that only stand before a type or a name.
static std::string_view bare(std::string_view head) {
    while (true) {
        head = trimmed(head);
        if (head.starts_with("[[")) {
            head.remove_prefix(std::min(matching(head, 0) + 1, head.size()));
        } else if (starts_with_word(head, "template") && head.find('<') != std::string_view::npos) {
            head.remove_prefix(std::min(matching(head, head.find('<')) + 1, head.size()));
        } else if (starts_with_word(head, "static")) {
            head.remove_prefix(6);
        } else if (starts_with_word(head, "inline")) {
            head.remove_prefix(6);
        } else {
            return head;
        }
    }
}

// The first of `wanted` that stands in no bracket before the head's end.
static std::size_t find_outside(std::string_view head, char wanted) {
    for (std::size_t at = 0; at < head.size(); ++at) {
        if (head[at] == wanted) return at;
        if (head[at] != '(' && head[at] != '<' && head[at] != '[' && head[at] != '{') continue;
        at = matching(head, at);
    }
    return std::string_view::npos;
}

// The name that ends at the end of the text: "Cgroup::add", "List<T>::~List".
static std::string last_name(std::string_view text) {
    text = trimmed(text);
    std::size_t start = text.size();
    while (start > 0) {
        const char letter = text[start - 1];
        if (letter == '>') {
            const std::size_t open = text.rfind('<', start);
            if (open == std::string_view::npos) break;
            start = open;
        } else if (is_name_letter(letter) || letter == ':' || letter == '~') {
            --start;
        } else {
            break;
        }
    }
    return std::string{text.substr(start)};
}

// "Fd::operator=" of "Fd& Fd::operator=(Fd&& other)"; empty where there is no such word.
static std::string operator_name(std::string_view head) {
    std::size_t at = head.find("operator");
    if (at == std::string_view::npos || is_name_letter(head[at + 8]) ||
        (at > 0 && is_name_letter(head[at - 1]))) {
        return {};
    }
    std::size_t open = head.find('(', at);
    if (head.substr(at + 8).starts_with("()")) open = head.find('(', open + 1);
    const std::string before = last_name(head.substr(0, at));
    return (before.ends_with("::") ? before : "") + std::string{head.substr(at, open - at)};
}

static std::string function_name(std::string_view head) {
    head = bare(head);
    const std::string name = operator_name(head);
    return name.empty() ? last_name(head.substr(0, find_outside(head, '('))) : name;
}

static std::string type_name(std::string_view head) {
    head = bare(head);
    if (starts_with_word(head, "enum")) head = trimmed(head.substr(4));
    if (starts_with_word(head, "class") || starts_with_word(head, "union")) head.remove_prefix(5);
    if (starts_with_word(head, "struct")) head.remove_prefix(6);
    head = bare(head);
    const auto end = std::ranges::find_if_not(
        head, [](char letter) { return is_name_letter(letter) || letter == ':'; });
    std::string name{head.begin(), end};
    if (name.ends_with(':')) name.pop_back();
    return name;
}

static std::string variable_name(std::string_view head) {
    head = trimmed(head.substr(0, find_outside(head, '=')));
    while (head.ends_with(']')) head = trimmed(head.substr(0, head.rfind('[')));
    return last_name(head);
}

static bool is_type(std::string_view head) {
    head = bare(head);
    return starts_with_word(head, "enum") || starts_with_word(head, "union") ||
           ((starts_with_word(head, "struct") || starts_with_word(head, "class")) &&
            find_outside(head, '(') == std::string_view::npos &&
            find_outside(head, '=') == std::string_view::npos);
}

static bool is_function(std::string_view head) {
    head = bare(head);
    const std::size_t parenthesis = find_outside(head, '(');
    if (!operator_name(head).empty()) return parenthesis != std::string_view::npos;
    return parenthesis < find_outside(head, '=');
}

class DefinitionFinder {
public:
    explicit DefinitionFinder(const std::string& text) : text_{text}, code_{code_of(text)} {
        blank_preprocessor();
        scan();
        std::ranges::stable_sort(found_, {}, &Definition::first_line);
    }

    std::vector<Definition> take() { return std::move(found_); }

private:
    struct Scope {
        std::string prefix;   // "Runner::" inside class Runner
        std::size_t end = 0;  // of its body
        std::size_t type;     // which of found_, kNone for a namespace
    };
    static constexpr std::size_t kNone = SIZE_MAX;

    void blank_preprocessor();
    void scan();
    void open_brace();
    void close_brace();
    void semicolon();
    void take_function(std::string_view head);
    void open_type(std::string_view head);
    void add(const std::string& name, DefinitionKind kind, std::size_t body_begin,
             std::size_t body_end, std::size_t end);

    std::string_view head() const {
        return std::string_view{code_}.substr(head_begin_, at_ - head_begin_);
    }
    std::size_t line_of(std::size_t offset) const {
        const auto end = text_.begin() + static_cast<std::ptrdiff_t>(offset);
        return static_cast<std::size_t>(std::count(text_.begin(), end, '\n')) + 1;
    }

    const std::string& text_;
    std::string code_;
    std::size_t at_ = 0;
    std::size_t head_begin_ = 0;
    std::size_t initializer_ = 0;  // the brace behind the head's name or `=`, 0: none
    std::vector<Scope> scopes_;
    std::vector<Definition> found_;
};

void DefinitionFinder::blank_preprocessor() {
    bool continues = false;
    for (std::size_t start = 0; start < code_.size();) {
        const std::size_t end = std::min(code_.find('\n', start), code_.size());
        if (continues || trimmed(code_.substr(start, end - start)).starts_with('#')) {
            continues = end > start && code_[end - 1] == '\\';
            std::fill(code_.begin() + static_cast<std::ptrdiff_t>(start),
                      code_.begin() + static_cast<std::ptrdiff_t>(end), ' ');
        }
        start = end + 1;
    }
}

void DefinitionFinder::scan() {
    for (; at_ < code_.size(); ++at_) {
        const char letter = code_[at_];
        if (letter == '(') {
            at_ = matching(code_, at_);
        } else if (letter == '{') {
            open_brace();
        } else if (letter == '}') {
            close_brace();
        } else if (letter == ';') {
            semicolon();
        } else if (letter == ':') {
            const std::string_view label = trimmed(head());
            const bool ends = label == "public" || label == "private" || label == "protected";
            if (ends) head_begin_ = at_ + 1;
        }
    }
}

void DefinitionFinder::open_brace() {
    const std::string_view head = trimmed(this->head());
    if (starts_with_word(head, "namespace") || head == "extern \"\"") {
        scopes_.push_back({scopes_.empty() ? "" : scopes_.back().prefix, 0, kNone});
        head_begin_ = at_ + 1;
    } else if (is_type(head)) {
        open_type(head);
    } else if (is_function(head) && std::isspace(static_cast<unsigned char>(code_[at_ - 1])) != 0) {
        take_function(head);
    } else {
        if (initializer_ == 0) initializer_ = at_;
        at_ = matching(code_, at_);
    }
}

void DefinitionFinder::take_function(std::string_view head) {
    const bool is_try = head.ends_with("try");
    const std::size_t begin = at_;
    const std::size_t body_end = matching(code_, at_);
    at_ = body_end;
    while (is_try) {
        const std::size_t next = code_.find_first_not_of(" \n", at_ + 1);
        if (next == std::string::npos || code_.compare(next, 5, "catch") != 0) break;
        at_ = matching(code_, code_.find('{', next));
    }
    add(function_name(head), DefinitionKind::function, begin, body_end, at_);
    head_begin_ = at_ + 1;
    initializer_ = 0;
}

void DefinitionFinder::open_type(std::string_view head) {
    const std::string name = type_name(head);
    const std::size_t end = matching(code_, at_);
    const std::size_t semicolon = std::min(code_.find(';', end), code_.size());
    const std::string prefix = scopes_.empty() ? "" : scopes_.back().prefix;
    if (!name.empty()) add(name, DefinitionKind::type, at_, end, semicolon);
    if (starts_with_word(bare(head), "enum")) {
        at_ = semicolon;
    } else {
        scopes_.push_back({prefix + (name.empty() ? "" : name + "::"), semicolon, 0});
    }
    head_begin_ = at_ + 1;
}

void DefinitionFinder::close_brace() {
    if (!scopes_.empty()) {
        at_ = std::max(at_, scopes_.back().end);
        scopes_.pop_back();
    }
    head_begin_ = at_ + 1;
}

void DefinitionFinder::semicolon() {
    const std::string_view head = trimmed(this->head());
    const bool at_file_level = scopes_.empty() || scopes_.back().type == kNone;
    const bool has_value = initializer_ != 0 || find_outside(head, '=') != std::string_view::npos;
    if (starts_with_word(head, "using")) {
        if (has_value) add(variable_name(head), DefinitionKind::alias, 0, 0, at_);
    } else if (at_file_level && has_value && !is_function(head)) {
        const std::size_t begin = initializer_;
        const std::size_t end = begin == 0 ? 0 : matching(code_, begin);
        const std::string_view declarator =
            begin == 0 ? head
                       : trimmed(std::string_view{code_}.substr(head_begin_, begin - head_begin_));
        add(variable_name(declarator), DefinitionKind::constant, begin, end, at_);
    }
    head_begin_ = at_ + 1;
    initializer_ = 0;
}

void DefinitionFinder::add(const std::string& name, DefinitionKind kind, std::size_t body_begin,
                           std::size_t body_end, std::size_t end) {
    const std::size_t begin = code_.find_first_not_of(" \n", head_begin_);
    const std::size_t line_start = text_.rfind('\n', begin) + 1;
    const std::size_t line_end = std::min(text_.find('\n', end), text_.size() - 1) + 1;
    found_.push_back({(scopes_.empty() ? "" : scopes_.back().prefix) + name, line_of(begin),
                      line_of(std::min(end, text_.size() - 1)),
                      text_.substr(line_start, line_end - line_start), body_begin, body_end, kind});
}

std::vector<Definition> definitions_of(const std::string& source_text) {
    return DefinitionFinder{source_text}.take();
}
