// Stage 6 in a reader's directory: it is several programs in many folders, and what builds them
// there is the project's own Makefile.
#pragma once

#include <string>
#include <vector>

#include "tests/classroom/tool/workshop.hpp"

// The sources of the engine and of the stages that it uses, and what builds them.
void copy_engine(const Workshop& workshop, const std::string& directory);

// What `make` reads first there: `@TITLE@` and the like are filled in by the caller.
extern const std::string_view kEngineMakefile;
inline constexpr auto kEngineMakefileName = "GNUmakefile";

// Client and daemon (and the shim beside it) in the directory of a program: variables for the
// cases, "SLIPWAYD=path".
std::vector<std::string> parts_beside(const std::string& program);
