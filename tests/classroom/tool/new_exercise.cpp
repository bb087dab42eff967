#include "tests/classroom/tool/new_exercise.hpp"

#include <algorithm>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/definitions.hpp"

// The text is the whole file: it has to be readable on its own, far from the project.
static constexpr std::string_view kNotWrittenYet = R"(// What is left for you to write.
#pragma once

#include <cstdio>
#include <string>

#include "common/error.hpp"

// Says so at once: whoever catches it may have no chance to.
class NotWrittenYet : public Failure {
public:
    NotWrittenYet(const std::string& function, const std::string& chapter)
        : Failure{function + " is not written yet"} {
        std::fprintf(stderr, "%s: see EXERCISE.md and %s\n", what(), chapter.c_str());
    }
};
)";

static constexpr std::string_view kMakefile =
    R"(# Exercise @ID@: @TITLE@. The task is in EXERCISE.md.
#   make        builds build/@STAGE@
#   make check  asks whether the task is done
SLIPWAY ?= @TREE@
PROGRAM := build/@STAGE@
SOURCES := $(wildcard common/*.cpp stage*/*.cpp)
OBJECTS := $(SOURCES:%.cpp=build/obj/%.o)
CXXFLAGS += -std=c++20 -O2 -g1 -I. -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CXXFLAGS += -Wno-unused -Wno-unused-parameter

$(PROGRAM): $(OBJECTS)
	$(CXX) $(CXXFLAGS) @LINK@$^ -o $@
build/obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -MMD -MP -c $< -o $@
check: $(PROGRAM)
	@$(MAKE) --no-print-directory -C $(SLIPWAY) exercise EX=@ID@ PROGRAM=$(abspath $(PROGRAM))
.PHONY: check
-include $(OBJECTS:.o=.d)
)";

using Path = std::filesystem::path;

static std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

std::string with_holes(const std::string& source, const Exercise& exercise,
                       const std::string& chapter) {
    std::vector<Definition> holes;
    for (const Definition& definition : definitions_of(source)) {
        const bool is_wanted = std::ranges::count(exercise.functions, definition.name) > 0;
        if (is_wanted && definition.body_end != 0) holes.push_back(definition);
    }
    for (const auto& name : exercise.functions) {
        if (std::ranges::find(holes, name, &Definition::name) != holes.end()) continue;
        throw Failure{exercise.text_path + ":3: there is no " + name + " in " + exercise.file};
    }
    std::string text = source;
    std::ranges::sort(holes, std::greater{}, &Definition::body_begin);
    for (const Definition& hole : holes) {
        const std::string body =
            "{\n    throw NotWrittenYet{\"" + hole.name + "\", \"" + chapter + "\"};\n}";
        text.replace(hole.body_begin, hole.body_end + 1 - hole.body_begin, body);
    }
    const std::size_t first_include = text.find("#include");
    return text.insert(first_include == std::string::npos ? 0 : first_include,
                       "#include \"not_written_yet.hpp\"\n");
}

// Its time too: by it make knows what need not be compiled again.
static void copy_with_time(const Path& from, const Path& to) {
    std::filesystem::create_directories(to.parent_path());
    std::filesystem::copy_file(from, to);
    std::filesystem::last_write_time(to, std::filesystem::last_write_time(from));
}

// The folders that the stage's program is made of, its own last.
static std::vector<std::string> folders_for(const std::string& tree, int stage) {
    std::vector<std::string> folders{"common"};
    for (int earlier = stage < 3 ? 1 : 3; earlier <= stage; ++earlier) {
        folders.push_back(stage_folder(tree, earlier));
    }
    return folders;
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
    const std::string stem = "obj/" + source.substr(0, source.rfind('.'));
    const std::string object = workshop.build + "/" + stem + ".o";
    const std::string dependencies = workshop.build + "/" + stem + ".d";
    if (!file_exists(object) || !file_exists(dependencies)) return;
    copy_with_time(object, directory + "/build/" + stem + ".o");
    std::string text = read_file(dependencies);
    text.replace(0, text.find(':'), "build/" + stem + ".o");
    write_file(directory + "/build/" + stem + ".d", text);
}

static void copy_sources(const Workshop& workshop, const Exercise& exercise,
                         const std::string& directory) {
    const std::string own = stage_folder(workshop.tree, exercise.stage);
    for (const auto& folder : folders_for(workshop.tree, exercise.stage)) {
        for (const auto& entry :
             std::filesystem::directory_iterator{workshop.tree + "/" + folder}) {
            if (!is_needed(entry.path(), folder == own, exercise.stage)) continue;
            const std::string path = folder + "/" + entry.path().filename().string();
            copy_with_time(entry.path(), directory + "/" + path);
            if (path.ends_with(".cpp")) lend_object(workshop, path, directory);
        }
    }
}

static void write_makefile(const Workshop& workshop, const Exercise& exercise,
                           const std::string& directory) {
    std::string text{kMakefile};
    text = replaced(text, "@ID@", exercise.id);
    text = replaced(text, "@TITLE@", exercise.title);
    text = replaced(text, "@STAGE@", stage_folder(workshop.tree, exercise.stage));
    text = replaced(text, "@TREE@", workshop.tree);
    text = replaced(text, "@LINK@", exercise.stage < 3 ? "" : "-static ");
    write_file(directory + "/Makefile", text);
}

void make_exercise(const Workshop& workshop, const Exercise& exercise,
                   const std::string& directory) {
    if (std::filesystem::exists(directory) &&
        (!std::filesystem::is_directory(directory) || !std::filesystem::is_empty(directory))) {
        throw Failure{directory + " is there and not empty: name a new directory"};
    }
    const std::string chapter = chapter_of(workshop.tree, exercise.stage);
    std::string holed;
    if (!exercise.is_beyond()) {
        holed = with_holes(read_file(workshop.tree + "/" + exercise.file), exercise, chapter);
    }
    make_directories(directory);
    copy_sources(workshop, exercise, directory);
    std::string task = read_file(workshop.tree + "/" + exercise.text_path);
    task = replaced(task, "](../../", "](" + workshop.tree + "/");
    task = replaced(task, "](../", "](" + workshop.tree + "/book/");
    write_file(directory + "/EXERCISE.md", task);
    write_makefile(workshop, exercise, directory);
    if (exercise.is_beyond()) return;
    write_file(directory + "/not_written_yet.hpp", kNotWrittenYet);
    write_file(directory + "/" + exercise.file, holed);
}

std::string tests_of(const Workshop& workshop, int stage) {
    if (!workshop.tests.empty()) return workshop.tests;
    const std::string name = stage == 6 ? "slipway-tests" : "check-" + std::to_string(stage);
    return workshop.build + "/tests/" + name;
}

std::string program_in(const std::string& tree, const Exercise& exercise,
                       const std::string& directory) {
    return directory + "/build/" + stage_folder(tree, exercise.stage);
}
