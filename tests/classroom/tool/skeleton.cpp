#include "tests/classroom/tool/skeleton.hpp"

#include <algorithm>

#include "tests/support/source.hpp"

// The text is the whole file: it has to be readable on its own, far from the project.
const std::string_view kNotWrittenYet = R"(// What is left for you to write.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>

#include "common/error.hpp"

inline constexpr int kNotWrittenYetExitCode = 70;

// Says so at once: whoever catches it may have no chance to.
class NotWrittenYet : public Failure {
public:
    NotWrittenYet(const std::string& function, const std::string& where)
        : Failure{"not written yet: " + function + ": read " + where} {
        std::fprintf(stderr, "%s\n", what());
    }
};

// For a function that may not throw.
[[noreturn]] inline void end_not_written_yet(const std::string& function,
                                             const std::string& where) noexcept {
    const NotWrittenYet said{function, where};
    ::_exit(kNotWrittenYetExitCode);
}

// For main(), as long as it does not tell one error from another.
inline int exit_code_not_written_yet(const std::exception& error, const std::string& where) {
    if (dynamic_cast<const NotWrittenYet*>(&error) == nullptr) {
        std::fprintf(stderr, "%s\n", error.what());
        const NotWrittenYet said{"what main() makes of an error", where};
    }
    return kNotWrittenYetExitCode;
}
)";

static std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

static std::string arguments(const std::string& function, const Where& where) {
    return quoted(function) + ", " + quoted(where(function));
}

static bool is_destructor(const Definition& definition) {
    return definition.name.find('~') != std::string::npos;
}

static std::size_t offset_of_line(const std::string& text, std::size_t line) {
    std::size_t at = 0;
    while (--line > 0) at = text.find('\n', at) + 1;
    return at;
}

static std::string head_of(const std::string& source, const Definition& definition) {
    const std::size_t start = offset_of_line(source, definition.first_line);
    return source.substr(start, definition.body_begin - start);
}

static std::string hole_in(const std::string& head, const Definition& hole, const Where& where) {
    const std::string words = arguments(hole.name, where);
    std::string statement = "throw NotWrittenYet{" + words + "};";
    if (is_destructor(hole)) {
        statement = "const NotWrittenYet said{" + words + "};";
    } else if (head.find(" noexcept") != std::string::npos) {
        statement = "end_not_written_yet(" + words + ");";
    }
    // A function inside a class is indented once more.
    const std::string margin = head.substr(0, head.find_first_not_of(' '));
    return "{\n" + margin + "    " + statement + "\n" + margin + "}";
}

static std::string with_include(std::string text) {
    const std::size_t first = text.find("#include");
    return text.insert(first == std::string::npos ? 0 : first,
                       "#include \"" + std::string{kNotWrittenYetHeader} + "\"\n");
}

std::string with_holes(const std::string& source,
                       const std::function<bool(const Definition&)>& is_hole, const Where& where) {
    std::vector<Definition> holes;
    for (const Definition& definition : definitions_of(source)) {
        const bool is_function = definition.kind == DefinitionKind::function;
        if (is_function && definition.body_end != 0 && is_hole(definition)) {
            holes.push_back(definition);
        }
    }
    if (holes.empty()) return source;
    std::string text = source;
    std::ranges::sort(holes, std::greater{}, &Definition::body_begin);
    for (const Definition& hole : holes) {
        const std::string head = head_of(source, hole);
        const std::size_t handlers = head.ends_with("try ") ? 4 : 0;
        const std::size_t end = offset_of_line(source, hole.first_line) + hole.text.size() - 1;
        text.replace(hole.body_begin - handlers, end - hole.body_begin + handlers,
                     hole_in(head, hole, where));
    }
    return with_include(text);
}

// main() tells nobody yet which error ends with which code.
static std::string without_handlers(const std::string& source, const Where& where) {
    const auto definitions = definitions_of(source);
    const auto main = std::ranges::find(definitions, std::string{"main"}, &Definition::name);
    if (main == definitions.end()) return source;
    const std::size_t end = offset_of_line(source, main->first_line) + main->text.size() - 1;
    if (main->body_end + 1 >= end) return source;
    std::string text = source;
    return text.replace(main->body_end, end - main->body_end,
                        "} catch (const std::exception& error) {\n"
                        "    return exit_code_not_written_yet(error, " +
                            quoted(where("main()'s errors")) + ");\n}");
}

std::string recipe_alone(const std::string& source, const Where& where) {
    const std::string text = without_handlers(source, where);
    const auto must_not_throw = [&](const Definition& definition) {
        return head_of(text, definition).find(" noexcept") != std::string::npos;
    };
    const std::string holed = with_holes(text, must_not_throw, where);
    return holed == text ? with_include(text) : holed;
}

static bool uses(const std::string& code, const std::string& function) {
    return !lines_with_word(code, function).empty();
}

std::set<std::string> used_functions(const std::string& roots,
                                     const std::vector<std::string>& sources) {
    std::set<std::string> used;
    std::vector<std::string> reached{code_of(roots)};
    while (!reached.empty()) {
        const std::string code = reached.back();
        reached.pop_back();
        for (const auto& source : sources) {
            for (const Definition& one : definitions_of(source)) {
                const bool is_plain = one.kind == DefinitionKind::function &&
                                      one.name.find("::") == std::string::npos;
                if (!is_plain || used.contains(one.name) || !uses(code, one.name)) continue;
                used.insert(one.name);
                reached.push_back(code_of(one.text));
            }
        }
    }
    return used;
}
