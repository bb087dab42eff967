#include "tests/classroom/tool/new_exercise.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/chapter.hpp"
#include "tests/classroom/tool/engine.hpp"
#include "tests/classroom/tool/skeleton.hpp"

static constexpr std::string_view kMakefile =
    R"(# @TITLE@. The task is in @FILE@.
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
	@$(MAKE) --no-print-directory -C $(SLIPWAY) @QUESTION@ PROGRAM=$(abspath $(PROGRAM))
.PHONY: check
-include $(OBJECTS:.o=.d)
)";

// The file that has the holes, as it is given to the reader.
static std::string holed_file(const Workshop& workshop, const Exercise& exercise) {
    const std::string source = read_file(workshop.tree + "/" + exercise.file);
    const auto definitions = definitions_of(source);
    for (const auto& name : exercise.functions) {
        const auto found = std::ranges::find(definitions, name, &Definition::name);
        if (found != definitions.end() && found->body_end != 0) continue;
        throw Failure{exercise.text_path + ":3: there is no " + name + " in " + exercise.file};
    }
    const Chapter chapter{workshop.tree, chapter_of(workshop.tree, exercise.stage)};
    return with_holes(
        source,
        [&](const Definition& one) { return std::ranges::count(exercise.functions, one.name) > 0; },
        [&](const std::string& name) { return "EXERCISE.md and " + chapter.where(name); });
}

static void write_makefile(const Workshop& workshop, const Task& task,
                           const std::string& directory) {
    const bool is_engine = task.stage == 6;
    std::string text{is_engine ? kEngineMakefile : kMakefile};
    text = replaced(text, "@TITLE@", task.title);
    text = replaced(text, "@FILE@", task.file);
    text = replaced(text, "@STAGE@", stage_folder(workshop.tree, task.stage));
    text = replaced(text, "@TREE@", workshop.tree);
    text = replaced(text, "@QUESTION@", task.question);
    text = replaced(text, "@LINK@", task.stage < 3 ? "" : "-static ");
    write_file(directory + "/" + (is_engine ? kEngineMakefileName : "Makefile"), text);
}

void make_task(const Workshop& workshop, const Task& task, const std::string& directory) {
    make_directories(directory);
    copy_sources(workshop, task.stage, directory);
    write_file(directory + "/" + task.file, task.text);
    write_makefile(workshop, task, directory);
}

void make_exercise(const Workshop& workshop, const Exercise& exercise,
                   const std::string& directory) {
    require_new_directory(directory);
    const std::string holed = exercise.is_beyond() ? "" : holed_file(workshop, exercise);
    const std::string text = read_file(workshop.tree + "/" + exercise.text_path);
    make_task(workshop,
              {.stage = exercise.stage,
               .title = "Exercise " + exercise.id + ": " + exercise.title,
               .file = "EXERCISE.md",
               .text = with_whole_links(text, workshop.tree, "book/exercises"),
               .question = "exercise EX=" + exercise.id},
              directory);
    if (exercise.is_beyond()) return;
    write_file(directory + "/" + kNotWrittenYetHeader, kNotWrittenYet);
    write_file(directory + "/" + exercise.file, holed);
}
