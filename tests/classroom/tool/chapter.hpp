// A chapter as a place to look things up in.
#pragma once

#include <map>
#include <string>

class Chapter {
public:
    // `path` from the top of the tree: "book/03-namespaces.md". One that is not there is empty.
    Chapter(const std::string& tree, const std::string& path);

    // Where a function is told of, to be read after "read": "'The gate' in book/03-namespaces.md".
    // The section that quotes it, else the first one that names it, else the chapter.
    std::string where(const std::string& function) const;

    // The same of a section: "'The contract' in book/03-namespaces.md".
    std::string where_is(const std::string& heading) const;

    // The section of this name, without its heading; empty when there is none.
    std::string section(const std::string& heading) const;

private:
    void take_names(const std::string& line, const std::string& heading);

    std::string path_;
    std::string text_;
    std::map<std::string, std::string> quoted_, named_;  // function: heading
};
