#include "tests/classroom/tool/engine.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

const std::string_view kEngineMakefile =
    R"(# @TITLE@. The task is in @FILE@.
#   make        builds build/slipwayd, build/slipway and build/slipway-shim
#   make check  asks whether the task is done
SLIPWAY ?= @TREE@
export CXXFLAGS += -Wno-unused -Wno-unused-parameter

all:
	@$(MAKE) --no-print-directory -f Makefile BUILD=build \
		build/slipwayd build/slipway build/slipway-shim
check: all
	@$(MAKE) --no-print-directory -C $(SLIPWAY) @QUESTION@ CLI=$(abspath build/slipway) \
		DAEMON=$(abspath build/slipwayd)
.PHONY: all check
)";

static bool is_needed(const std::filesystem::path& file) {
    static constexpr std::array<std::string_view, 5> kKinds{".cpp", ".hpp", ".mk", ".md", ".sh"};
    return std::filesystem::is_regular_file(file) &&
           std::ranges::count(kKinds, file.extension().string()) > 0;
}

void copy_engine(const Workshop& workshop, const std::string& directory) {
    copy_source(workshop, "Makefile", directory);
    copy_source(workshop, "tests/tests.mk", directory);
    const std::filesystem::path tree{workshop.tree};
    for (const auto& folder : folders_for(workshop.tree, 6)) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator{tree / folder}) {
            if (!is_needed(entry.path())) continue;
            copy_source(workshop, entry.path().lexically_relative(tree), directory);
        }
    }
}

std::vector<std::string> parts_beside(const std::string& program) {
    const std::string directory = program.substr(0, program.rfind('/') + 1);
    return {"SLIPWAY=" + directory + "slipway", "SLIPWAYD=" + directory + "slipwayd"};
}
