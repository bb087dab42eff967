#include "tests/classroom/tool/new_stage.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/tool/chapter.hpp"
#include "tests/classroom/tool/skeleton.hpp"
#include "tests/support/source.hpp"

static constexpr std::string_view kMakefile =
    R"(# Stage @N@, to be written: @TREE@/@CHAPTER@ tells how.
#   make            builds build/@STAGE@
#   make progress   how far it is, and what to write next
#   make check      every question of the contract, with all that was said
SLIPWAY ?= @TREE@
PROGRAM := build/@STAGE@
SOURCES := $(wildcard common/*.cpp stage*/*.cpp)
OBJECTS := $(SOURCES:%.cpp=build/obj/%.o)
CXXFLAGS += -std=c++20 -O0 -g1 -I. -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
# What nobody calls yet, somebody will.
CXXFLAGS += -Wno-unused -Wno-unused-parameter
# The standard library is read once and not for each file (gcc(1), "Precompiled Headers").
STANDARD := build/standard-$(notdir $(CXX)).hpp

$(PROGRAM): $(OBJECTS)
	$(CXX) $(CXXFLAGS) @LINK@$^ -o $@
build/obj/%.o: %.cpp | $(STANDARD).gch
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -include $(STANDARD) -MMD -MP -c $< -o $@
$(STANDARD).gch: Makefile
	@mkdir -p $(@D)
	@sed -n '/^#include <[a-z_]*>/p' common/*.?pp stage*/*.?pp | sort -u >$(STANDARD)
	$(CXX) $(CXXFLAGS) -x c++-header $(STANDARD) -o $@
check: $(PROGRAM)
	@$(MAKE) --no-print-directory -C $(SLIPWAY) check STAGE=@N@ ONLY=1 PROGRAM=$(abspath $(PROGRAM))
progress:
	@$(MAKE) --no-print-directory -C $(SLIPWAY) progress DIR=$(CURDIR) STAGE=@N@
.PHONY: check progress
-include $(OBJECTS:.o=.d)
)";

static constexpr std::string_view kRunScript = R"sh(#!/bin/sh
# Starts your program, in whatever language it is: replace the last two lines. For example
#   exec python3 "$here/stage@N@.py" "$@"
here=$(dirname "$(readlink -f "$0")")
echo "not written yet: read $here/CONTRACT.md" >&2
exit 70
)sh";

// What the command line is made of: it is given, since no chapter is about it.
static bool is_command_line(const std::string& name) {
    return name.ends_with("options.cpp") || name == "request.cpp";
}

static std::string filled(std::string_view form, const Workshop& workshop, int stage) {
    std::string text = replaced(std::string{form}, "@N@", std::to_string(stage));
    text = replaced(text, "@STAGE@", stage_folder(workshop.tree, stage));
    text = replaced(text, "@TREE@", workshop.tree);
    text = replaced(text, "@CHAPTER@", chapter_of(workshop.tree, stage));
    return replaced(text, "@LINK@", stage < 3 ? "" : "-static ");
}

// The stage's own source files, by name.
static std::map<std::string, std::string> own_sources(const std::string& folder) {
    std::map<std::string, std::string> sources;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        if (entry.path().extension() != ".cpp") continue;
        sources[entry.path().filename()] = read_file(entry.path());
    }
    return sources;
}

// What is told while it works, and by nobody asked for but with an option.
static bool is_narration(const std::string& name) {
    return name == "narration.cpp" || name.starts_with("explain") || name.starts_with("traced");
}

// "{ return x_; }" or "{}" at the end of its last line.
static bool has_body_in_one_line(const Definition& definition) {
    const std::size_t line = definition.text.rfind('\n', definition.text.size() - 2) + 1;
    const std::size_t length = definition.body_end - definition.body_begin;
    return length + 2 <= definition.text.size() - line;
}

static int take_out(const std::string& folder, const Where& where) {
    const auto sources = own_sources(folder);
    std::string command_line;
    std::vector<std::string> others;
    for (const auto& [name, text] : sources) {
        if (is_command_line(name)) {
            command_line += text;
        } else if (name != "main.cpp" && !is_narration(name)) {
            others.push_back(text);
        }
    }
    const auto given = used_functions(command_line, others);
    int count = 0;
    const auto is_hole = [&](const Definition& definition) {
        const bool is_constant =
            definition.text.find("constexpr ") < definition.text.find(definition.name);
        // One of a single line, or a constructor that only sets members, is as good as a signature.
        const bool stays =
            given.contains(definition.name) || is_constant || has_body_in_one_line(definition);
        if (!stays) ++count;
        return !stays;
    };
    for (const auto& [name, text] : sources) {
        if (is_command_line(name) || is_narration(name)) continue;
        const std::string holed =
            name == "main.cpp" ? recipe_alone(text, where) : with_holes(text, is_hole, where);
        if (holed != text) write_file(folder + "/" + name, holed);
    }
    return count;
}

int make_stage(const Workshop& workshop, int stage, const std::string& directory) {
    require_new_directory(directory);
    const Chapter chapter{workshop.tree, chapter_of(workshop.tree, stage)};
    make_directories(directory);
    copy_sources(workshop, stage, directory);
    write_file(directory + "/" + kNotWrittenYetHeader, kNotWrittenYet);
    write_file(directory + "/Makefile", filled(kMakefile, workshop, stage));
    return take_out(directory + "/" + stage_folder(workshop.tree, stage),
                    [&](const std::string& function) {
                        if (function == "main()'s errors") return chapter.where_is("The contract");
                        return chapter.where(function);
                    });
}

std::string contract_heading(int stage) {
    return "# The contract of stage " + std::to_string(stage) + "\n";
}

void make_empty_stage(const Workshop& workshop, int stage, const std::string& directory) {
    require_new_directory(directory);
    const std::string path = chapter_of(workshop.tree, stage);
    const std::string contract = Chapter{workshop.tree, path}.section("The contract");
    if (contract.empty()) throw Failure{path + " has no section 'The contract'"};
    make_directories(directory);
    write_file(directory + "/CONTRACT.md",
               contract_heading(stage) + with_whole_links(contract, workshop.tree, "book") + "\n" +
                   filled("How it is done: @TREE@/@CHAPTER@. Whether it is done:\n\n"
                          "    make -C @TREE@ check STAGE=@N@ ONLY=1 PROGRAM=$PWD/run\n\n"
                          "And in two seconds, how much of it is:\n\n"
                          "    make -C @TREE@ progress DIR=$PWD\n",
                          workshop, stage));
    write_file(directory + "/run", filled(kRunScript, workshop, stage), 0755);
}
