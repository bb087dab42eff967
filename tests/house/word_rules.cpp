// Which words may stand where.
#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "tests/house/rules.hpp"

struct Forbidden {
    std::string_view word, instead;
};

static constexpr std::array kForbiddenCalls{
    Forbidden{"system(", "start the program itself"},
    Forbidden{"popen(", "start the program itself"},
    Forbidden{"std::thread", "one loop, no threads"},
    Forbidden{"std::jthread", "one loop, no threads"},
    Forbidden{"std::async", "one loop, no threads"},
    Forbidden{"pthread_create", "one loop, no threads"},
    Forbidden{"sleep(", "wait for the event, with a deadline"},
    Forbidden{"usleep(", "wait for the event, with a deadline"},
    Forbidden{"nanosleep(", "wait for the event, with a deadline"},
    Forbidden{"std::this_thread", "wait for the event, with a deadline"},
    Forbidden{"using namespace", "say whose name it is"},
};

// Spelled in two parts, or this file would hold them.
static const std::array<std::string, 2> kUnfinished{std::string{"TO"} + "DO",
                                                    std::string{"FIX"} + "ME"};

Faults check_forbidden(const SourceFile& file) {
    Faults faults;
    if (!is_code(file.path)) return faults;
    const std::string code = code_of(file.text);
    const auto add = [&](std::string_view text, std::string_view word, std::string_view instead) {
        for (const std::size_t line : lines_with_word(text, word)) {
            faults.push_back(
                {file.path, line, std::string{word} + " is forbidden: " + std::string{instead}});
        }
    };
    for (const Forbidden& call : kForbiddenCalls) add(code, call.word, call.instead);
    for (const auto& word : kUnfinished) add(file.text, word, "finish it");
    if (file_name(file.path) != "fd.hpp") add(code, "::close(", "let an Fd own the descriptor");
    if (top_folder(file.path) != "tests") {
        add(code, "#define", "a constant or a function");
        add(code, "namespace", "names are global here");
    }
    return faults;
}

// The place behind the parenthesis that closes the one at `open`.
static std::size_t end_of_parentheses(std::string_view code, std::size_t open) {
    std::size_t depth = 0;
    for (std::size_t at = open; at < code.size(); ++at) {
        if (code[at] == '(') ++depth;
        if (code[at] == ')' && --depth == 0) return at + 1;
    }
    return code.size();
}

Faults check_awaits(const SourceFile& file) {
    static const std::string core = "stage6-daemon-shim/core/";
    static const std::string features = "stage6-daemon-shim/features/";
    static constexpr std::array heads{"if (", "if constexpr (", "while (", "for (", "switch ("};
    Faults faults;
    const bool has_tasks = file.path.starts_with(core) || file.path.starts_with(features);
    if (!has_tasks || !is_code(file.path)) return faults;
    const std::string code = code_of(file.text);
    for (const std::string_view head : heads) {
        for (std::size_t at = code.find(head); at != std::string::npos;
             at = code.find(head, at + 1)) {
            if (at > 0 && std::isalnum(static_cast<unsigned char>(code[at - 1]))) continue;
            const std::size_t open = at + head.size() - 1;
            const std::size_t await = code.find("co_await", open);
            if (await >= end_of_parentheses(code, open)) continue;
            const auto before = static_cast<std::ptrdiff_t>(await);
            const auto line = std::count(code.begin(), code.begin() + before, '\n') + 1;
            faults.push_back({file.path, static_cast<std::size_t>(line),
                              "co_await inside the head of a statement: g++ 12 lays out the "
                              "coroutine's frame wrongly (its handle is 8 bytes off, and the "
                              "program jumps into nowhere); await first, into a variable"});
        }
    }
    return faults;
}

Faults check_headers_of_shim(const SourceFile& file) {
    static constexpr std::array folders{
        "common/",
        "stage3-",
        "stage4-",
        "stage5-",
        "stage6-daemon-shim/core/json/",
        "stage6-daemon-shim/core/contract/",
        "stage6-daemon-shim/core/runtime/",
        "stage6-daemon-shim/core/shim/",
    };
    static constexpr std::array headers{"<iostream>", "<fstream>", "<sstream>", "<filesystem>"};
    Faults faults;
    const bool is_linked = std::ranges::any_of(
        folders, [&](const char* folder) { return file.path.starts_with(folder); });
    if (!is_linked || !is_code(file.path)) return faults;
    for (const char* header : headers) {
        for (const std::size_t line : lines_with_word(file.text, header)) {
            faults.push_back({file.path, line, std::string{header} + " makes the shim large"});
        }
    }
    return faults;
}

Faults check_first_comment(const SourceFile& file) {
    Faults faults;
    const int stage = stage_of(file.path);
    if (stage == 0 || file_name(file.path) != "main.cpp") return faults;
    std::string comment;
    for (const std::string& line : lines_of(file.text)) {
        if (!line.starts_with("//")) break;
        comment += line + "\n";
    }
    const std::string heading = "// Stage " + std::to_string(stage) + ":";
    if (!comment.starts_with(heading)) {
        faults.push_back({file.path, 1, "does not begin with " + heading});
    }
    if (comment.find("ses ") == std::string::npos) {
        faults.push_back({file.path, 1, "its first comment does not say what it uses"});
    }
    for (int earlier = 1; earlier < stage; ++earlier) {
        const std::string digit = std::to_string(earlier);
        if (file.text.find("#include \"stage" + digit + "-") == std::string::npos) continue;
        if (!lines_with_word(comment, digit).empty()) continue;
        faults.push_back({file.path, 1, "its first comment does not name stage " + digit});
    }
    return faults;
}

static void check_words_of_common(const SourceFile& file, Faults& faults) {
    std::string text = file.text;
    std::ranges::transform(text, text.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
    const auto lines = lines_of(text);
    for (const std::string word : {"namespace", "rootfs", "cgroup", "container", "json"}) {
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (lines[i].find(word) == std::string::npos) continue;
            faults.push_back({file.path, i + 1, "common does not know the word " + word});
        }
    }
}

Faults check_common(const Tree& tree) {
    static constexpr std::size_t lines_max = 700;
    static constexpr std::size_t pairs_max = 8;
    Faults faults;
    std::size_t lines = 0;
    std::set<std::string> stems;
    for (const SourceFile& file : tree) {
        if (top_folder(file.path) != "common" || !is_code(file.path)) continue;
        lines += lines_of_code(file.text);
        stems.insert(stem(file.path));
        check_words_of_common(file, faults);
    }
    if (lines > lines_max) {
        faults.push_back({"common", 0, std::to_string(lines) + " lines of code (700 allowed)"});
    }
    if (stems.size() > pairs_max) {
        faults.push_back({"common", 0, std::to_string(stems.size()) + " pairs (8 allowed)"});
    }
    return faults;
}

// Calls, and numbers of calls; a name that only contains it (enter_by_pivot_root) is neither.
static bool calls(const std::string& code, const std::string& name) {
    return !lines_with_word(code, name + "(").empty() ||
           !lines_with_word(code, "SYS_" + name).empty() ||
           !lines_with_word(code, "__NR_" + name).empty();
}

static void check_one_home(const std::vector<std::string>& paths, const std::string& what,
                           Faults& faults) {
    for (std::size_t i = 1; i < paths.size(); ++i) {
        faults.push_back({paths[i], 0, what + " has its home in " + paths[0]});
    }
}

Faults check_homes(const Tree& tree) {
    static const std::array<std::string, 4> names{"pivot_root", "clone3", "setns", "sethostname"};
    std::map<std::string, std::vector<std::string>> homes;
    std::vector<std::string> writers;
    for (const SourceFile& file : tree) {
        const bool is_ours = top_folder(file.path) == "common" || stage_of(file.path) > 0;
        if (!is_ours || !is_code(file.path) || is_table(file.path)) continue;
        const std::string code = code_of(file.text);
        for (const auto& name : names) {
            if (calls(code, name)) homes[name].push_back(file.path);
        }
        if (stage_of(file.path) != 5) continue;
        const std::size_t count = lines_with_word(code, "write_control_file(").size();
        writers.insert(writers.end(), count, file.path);
    }
    Faults faults;
    for (const auto& [name, paths] : homes) check_one_home(paths, name, faults);
    check_one_home(writers, "writing of cgroup files", faults);
    return faults;
}
