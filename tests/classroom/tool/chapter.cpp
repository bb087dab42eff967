#include "tests/classroom/tool/chapter.hpp"

#include "common/file.hpp"
#include "tests/support/source.hpp"

// "The gate and the report" of "## The gate and the report"; empty for another line.
static std::string heading_in(const std::string& line) {
    const auto start = line.find_first_not_of('#');
    const bool is_heading = start > 1 && start != std::string::npos && line[start] == ' ';
    return is_heading ? line.substr(start + 1) : "";
}

// The name in "```cpp stage3-namespaces/init.cpp reap_until_gone", if there is one.
static std::string quoted_name(const std::string& fence) {
    const auto file = fence.find(".cpp ");
    return fence.starts_with("```cpp ") && file != std::string::npos ? fence.substr(file + 5) : "";
}

Chapter::Chapter(const std::string& tree, const std::string& path) : path_{path} {
    if (file_exists(tree + "/" + path)) text_ = read_file(tree + "/" + path);
    std::string heading;
    bool in_fence = false;
    for (const auto& line : lines_of(text_)) {
        if (line.starts_with("```")) {
            const std::string name = in_fence ? "" : quoted_name(line);
            if (!name.empty()) quoted_.try_emplace(name, heading);
            in_fence = !in_fence;
        } else if (!in_fence) {
            const std::string found = heading_in(line);
            if (!found.empty()) heading = found;
            take_names(line, heading);
        }
    }
}

void Chapter::take_names(const std::string& line, const std::string& heading) {
    for (std::size_t start = line.find('`'); start != std::string::npos;) {
        const std::size_t end = line.find('`', start + 1);
        if (end == std::string::npos) return;
        const std::string word = line.substr(start + 1, end - start - 1);
        named_.try_emplace(word.substr(0, word.find('(')), heading);
        start = line.find('`', end + 1);
    }
}

std::string Chapter::where(const std::string& function) const {
    const auto colons = function.rfind("::");
    const bool is_member = colons != std::string::npos;
    const std::string type = is_member ? function.substr(0, colons) : function;
    const std::string name = is_member ? function.substr(colons + 2) : function;
    for (const auto* sections : {&quoted_, &named_}) {
        for (const auto& wanted : {function, sections == &quoted_ ? type : name, type}) {
            const auto found = sections->find(wanted);
            if (found == sections->end() || found->second.empty()) continue;
            return where_is(found->second);
        }
    }
    return path_;
}

std::string Chapter::where_is(const std::string& heading) const {
    return "'" + heading + "' in " + path_;
}

std::string Chapter::section(const std::string& heading) const {
    const std::string line = "\n## " + heading + "\n";
    const auto start = text_.find(line);
    if (start == std::string::npos) return {};
    const auto begin = start + line.size();
    return text_.substr(begin, text_.find("\n## ", begin) - begin);
}
