#include "tests/support/source.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "common/file.hpp"

std::string describe(const std::vector<Fault>& faults) {
    std::string text;
    for (const Fault& fault : faults) {
        text += fault.path + ":" + std::to_string(fault.line) + ": " + fault.what + "\n";
    }
    return text;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// The length of the comment or literal at the front of `text`, 0 where there is none.
static std::size_t length_of_blank(std::string_view text, bool after_word) {
    if (text.starts_with("//")) return std::min(text.find('\n'), text.size());
    if (text.starts_with("/*")) return std::min(text.find("*/", 2), text.size() - 2) + 2;
    if (text.starts_with("R\"") && !after_word) {
        const std::string end = ")" + std::string{text.substr(2, text.find('(') - 2)} + "\"";
        return std::min(text.find(end), text.size() - end.size()) + end.size();
    }
    // Between digits ' separates thousands.
    if (text[0] != '"' && (text[0] != '\'' || after_word)) return 0;
    std::size_t at = 1;
    while (at < text.size() && text[at] != text[0] && text[at] != '\n') {
        at += text[at] == '\\' ? 2 : 1;
    }
    return std::min(at + 1, text.size());
}

static bool is_word(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

std::string code_of(std::string_view text) {
    std::string code{text};
    for (std::size_t at = 0; at < text.size();) {
        const bool after_word = at > 0 && is_word(text[at - 1]);
        const std::size_t length = length_of_blank(text.substr(at), after_word);
        for (std::size_t i = at; i < at + length; ++i) {
            if (code[i] != '\n') code[i] = ' ';
        }
        // What follows must still see that something stood here, for one: `"a", "b"`.
        if (length > 0 && text[at] == '"') code[at] = code[at + length - 1] = '"';
        at += std::max<std::size_t>(length, 1);
    }
    return code;
}

std::vector<std::size_t> lines_with_word(std::string_view text, std::string_view word) {
    std::vector<std::size_t> found;
    std::size_t number = 0;
    for (const std::string& line : lines_of(text)) {
        ++number;
        for (std::size_t at = line.find(word); at != std::string::npos;
             at = line.find(word, at + 1)) {
            const std::size_t end = at + word.size();
            const bool begins = at == 0 || !is_word(line[at - 1]) || !is_word(word.front());
            const bool ends = end == line.size() || !is_word(line[end]) || !is_word(word.back());
            if (!begins || !ends) continue;
            found.push_back(number);
            break;
        }
    }
    return found;
}

std::string top_folder(const std::string& path) {
    const std::size_t slash = path.find('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string file_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string stem(const std::string& path) {
    const std::string name = file_name(path);
    return name.substr(0, name.find('.'));
}

int stage_of(const std::string& path) {
    const std::string folder = top_folder(path);
    return folder.starts_with("stage") && folder.size() > 6 ? folder[5] - '0' : 0;
}

bool is_code(const std::string& path) {
    return path.ends_with(".cpp") || path.ends_with(".hpp");
}

bool is_table(const std::string& path) {
    return stem(path).ends_with("_table");
}

std::vector<SourceFile> read_tree(const std::string& directory) {
    std::vector<SourceFile> files;
    static constexpr std::array kinds{".cpp", ".hpp", ".mk", ".md"};
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        const std::string top = entry.path().filename();
        if (top == "build" || top.starts_with('.') || !entry.is_directory()) continue;
        for (const auto& below : std::filesystem::recursive_directory_iterator{entry}) {
            const bool wanted = std::ranges::any_of(
                kinds, [&](const char* kind) { return below.path().extension() == kind; });
            if (!wanted || !below.is_regular_file()) continue;
            const std::string path = below.path().string().substr(directory.size() + 1);
            files.push_back({path, read_file(below.path())});
        }
    }
    std::ranges::sort(files, {}, &SourceFile::path);
    return files;
}
