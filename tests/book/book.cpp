#include "tests/book/book.hpp"

#include <cctype>

#include "common/file.hpp"

Book read_book(const std::string& directory) {
    Book book{.directory = directory};
    const std::string readme = directory + "/README.md";
    if (file_exists(readme)) book.pages.push_back(page_of({"README.md", read_file(readme)}));
    for (const SourceFile& file : read_tree(directory)) {
        if (file.path.ends_with(".md")) book.pages.push_back(page_of(file));
        const bool is_quoted = stage_of(file.path) > 0 || top_folder(file.path) == "common";
        if (is_code(file.path) && is_quoted) book.code.push_back(file);
    }
    return book;
}

std::string chapter_of(const std::string& path) {
    const auto two_digits = [](char digit) { return std::string{"0"} + digit; };
    if (path == "README.md") return "README";
    if (stage_of(path) > 0) return two_digits(path[5]);
    const std::string name = file_name(path);
    if (name == "common.md") return "common";
    if (std::isdigit(static_cast<unsigned char>(name[0])) == 0) return "book";
    return name[1] == '.' ? two_digits(name[0]) : name.substr(0, 2);
}
