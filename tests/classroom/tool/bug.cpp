#include "tests/classroom/tool/bug.hpp"

#include <algorithm>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/new_exercise.hpp"
#include "tests/support/source.hpp"

static constexpr const char* kFolder = "book/bugs/";

Bug read_bug(const std::string& tree, const std::string& id) {
    const std::string text_path = kFolder + id + ".md";
    const bool is_number = id.size() > 2 && id[0] >= '1' && id[0] <= '6' && id[1] == '.' &&
                           id.find_first_not_of("0123456789", 2) == std::string::npos;
    if (!is_number || !file_exists(tree + "/" + text_path)) {
        throw Failure{"there is no bug '" + printable(id) + "': they are in book/bugs/"};
    }
    const auto lines = lines_of(read_file(tree + "/" + text_path));
    const std::string heading = "# " + id + " ";
    if (lines.empty() || !lines[0].starts_with(heading)) {
        throw Failure{text_path + ":1: not '" + heading + "...'"};
    }
    return {.id = id,
            .stage = id[0] - '0',
            .title = lines[0].substr(heading.size()),
            .text_path = text_path,
            .patch_path = kFolder + id + ".patch"};
}

std::vector<Bug> all_bugs(const std::string& tree) {
    std::vector<std::string> ids;
    std::error_code not_there;
    for (const auto& entry : std::filesystem::directory_iterator{tree + "/" + kFolder, not_there}) {
        const std::filesystem::path path = entry.path();
        if (path.extension() == ".patch") ids.push_back(path.stem());
    }
    std::ranges::sort(ids);
    std::vector<Bug> bugs;
    for (const auto& id : ids) {
        const Bug bug = read_bug(tree, id);
        if (has_stage(tree, bug.stage)) bugs.push_back(bug);
    }
    return bugs;
}

// The line that links the answer would tell too much.
static std::string without_answer(const std::string& text) {
    std::string result;
    for (const auto& line : lines_of(text)) {
        if (!line.starts_with("**Answer**")) result += line + "\n";
    }
    return result;
}

// The newest source is not the one with the bug.
static void make_equally_old(const std::string& directory) {
    const auto now = std::filesystem::file_time_type::clock::now();
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
        if (entry.is_regular_file()) std::filesystem::last_write_time(entry.path(), now);
    }
}

void make_bug(const Workshop& workshop, const Bug& bug, const std::string& directory) {
    require_new_directory(directory);
    const std::string text = without_answer(read_file(workshop.tree + "/" + bug.text_path));
    make_task(workshop,
              {.stage = bug.stage,
               .title = "Bug " + bug.id + ": " + bug.title,
               .file = "BUG.md",
               .text = with_whole_links(text, workshop.tree, "book/bugs"),
               .question = "bug N=" + bug.id},
              directory);
    apply_patch(workshop.tree + "/" + bug.patch_path, directory);
    if (workshop.build.empty()) make_equally_old(directory);
}
