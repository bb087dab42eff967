#include "tests/classroom/tool/workshop.hpp"

#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/children.hpp"
#include "tests/classroom/tool/engine.hpp"

using Path = std::filesystem::path;

// The name of the first thing in a folder that begins so; empty when there is none.
static std::string name_beginning(const std::string& folder, const std::string& beginning) {
    std::error_code not_there;
    for (const auto& entry : std::filesystem::directory_iterator{folder, not_there}) {
        const std::string name = entry.path().filename();
        if (name.starts_with(beginning)) return name;
    }
    return {};
}

std::string stage_folder(const std::string& tree, int stage) {
    const std::string name = name_beginning(tree, "stage" + std::to_string(stage) + "-");
    if (name.empty()) throw Failure{"there is no stage " + std::to_string(stage) + " here"};
    return name;
}

bool has_stage(const std::string& tree, int stage) {
    return !name_beginning(tree, "stage" + std::to_string(stage) + "-").empty();
}

std::string chapter_of(const std::string& tree, int stage) {
    const std::string name = name_beginning(tree + "/book", "0" + std::to_string(stage) + "-");
    return name.empty() ? "the book" : "book/" + name;
}

std::vector<std::string> folders_for(const std::string& tree, int stage) {
    std::vector<std::string> folders{"common"};
    for (int earlier = stage < 3 ? 1 : 3; earlier <= stage; ++earlier) {
        folders.push_back(stage_folder(tree, earlier));
    }
    return folders;
}

void require_new_directory(const std::string& directory) {
    if (std::filesystem::exists(directory) &&
        (!std::filesystem::is_directory(directory) || !std::filesystem::is_empty(directory))) {
        throw Failure{directory + " is there and not empty: name a new directory"};
    }
}

// Its time too: by it make knows what need not be compiled again.
static void copy_with_time(const Path& from, const Path& to) {
    std::filesystem::create_directories(to.parent_path());
    std::filesystem::copy_file(from, to);
    std::filesystem::last_write_time(to, std::filesystem::last_write_time(from));
}

// Whether the reader's program needs the file: of earlier stages not main(), and a program that is
// linked statically looks up no names of hosts.
static bool is_needed(const Path& file, bool is_own_folder, int stage) {
    const std::string name = file.filename();
    if (name == "README.md") return is_own_folder;
    if (file.extension() != ".cpp" && file.extension() != ".hpp") return false;
    if (name.starts_with("tcp_socket.")) return stage < 3;
    return is_own_folder || name != "main.cpp";
}

// An object of the project's build and the list of what it depends on, which names the object.
static void lend_object(const Workshop& workshop, const std::string& source,
                        const std::string& directory) {
    if (workshop.build.empty()) return;
    const std::string stem = "obj/" + source.substr(0, source.rfind('.'));
    const std::string object = workshop.build + "/" + stem + ".o";
    const std::string dependencies = workshop.build + "/" + stem + ".d";
    if (!file_exists(object) || !file_exists(dependencies)) return;
    copy_with_time(object, directory + "/build/" + stem + ".o");
    std::string text = read_file(dependencies);
    text.replace(0, text.find(':'), "build/" + stem + ".o");
    write_file(directory + "/build/" + stem + ".d", text);
}

void copy_source(const Workshop& workshop, const std::string& path, const std::string& directory) {
    copy_with_time(workshop.tree + "/" + path, directory + "/" + path);
    if (path.ends_with(".cpp")) lend_object(workshop, path, directory);
}

void copy_sources(const Workshop& workshop, int stage, const std::string& directory) {
    if (stage == 6) return copy_engine(workshop, directory);
    const std::string own = stage_folder(workshop.tree, stage);
    for (const auto& folder : folders_for(workshop.tree, stage)) {
        for (const auto& entry :
             std::filesystem::directory_iterator{workshop.tree + "/" + folder}) {
            if (!is_needed(entry.path(), folder == own, stage)) continue;
            copy_source(workshop, folder + "/" + entry.path().filename().string(), directory);
        }
    }
}

void apply_patch(const std::string& patch, const std::string& directory) {
    Ended patched =
        run_to_end({"patch", "-s", "-p1", "--no-backup-if-mismatch", "-i", patch}, directory);
    if (patched.exit_code == 127) patched = run_to_end({"git", "apply", patch}, directory);
    if (patched.exit_code == 127) throw NoTool{"neither patch nor git is here"};
    if (patched.exit_code != 0) throw Failure{patch + " does not apply:\n" + patched.output};
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

std::string with_whole_links(const std::string& text, const std::string& tree,
                             const std::string& from) {
    std::string whole;
    std::size_t start = 0;
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", start)) {
        at += 2;
        const std::size_t end = text.find_first_of(")#", at);
        const std::string target = text.substr(at, end == std::string::npos ? end : end - at);
        const bool is_file = !target.empty() && target.find(':') == std::string::npos &&
                             target.find('\n') == std::string::npos;
        whole += text.substr(start, at - start);
        if (is_file) whole += (Path{tree} / from / target).lexically_normal().string();
        start = at + (is_file ? target.size() : 0);
    }
    return whole + text.substr(start);
}

std::string tests_of(const Workshop& workshop, int stage) {
    if (!workshop.tests.empty()) return workshop.tests;
    return workshop.build + "/tests/check-" + std::to_string(stage);
}

std::string program_in(const std::string& tree, int stage, const std::string& directory) {
    return directory + "/build/" + (stage == 6 ? "slipwayd" : stage_folder(tree, stage));
}
