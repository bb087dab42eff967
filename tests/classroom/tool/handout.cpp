#include "tests/classroom/tool/handout.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/support/source.hpp"

static constexpr std::string_view kMakefile = R"(CXXFLAGS = -std=c++20 -O2 -g1 -Wall -Wextra
OBJECTS = $(patsubst %.cpp,%.o,$(wildcard *.cpp))
@STAGE@: $(OBJECTS)
	$(CXX) $(CXXFLAGS) $^ @LINK@-o $@
$(OBJECTS): $(wildcard *.hpp)
)";

using Path = std::filesystem::path;

// The project's own files that a text includes.
static std::vector<std::string> includes_of(const std::string& text) {
    static constexpr std::string_view kBeginning = "#include \"";
    std::vector<std::string> found;
    for (const auto& line : lines_of(text)) {
        if (!line.starts_with(kBeginning)) continue;
        found.push_back(line.substr(kBeginning.size(), line.rfind('"') - kBeginning.size()));
    }
    return found;
}

// What main.cpp includes, what these include, and the .cpp files that hold what the headers
// promise. One without a header of its own name belongs to those headers of its folder that it
// includes.
class Closure {
public:
    explicit Closure(const std::string& tree) : tree_{tree} {}

    void add(const std::string& path) {
        if (!file_exists(tree_ + "/" + path) || !files_.insert(path).second) return;
        for (const auto& included : includes_of(read_file(tree_ + "/" + path))) add(included);
        if (path.ends_with(".hpp")) add(path.substr(0, path.size() - 3) + "cpp");
    }

    // True when something was added.
    bool add_headless(const std::string& folder) {
        const std::size_t before = files_.size();
        for (const auto& entry : std::filesystem::directory_iterator{tree_ + "/" + folder}) {
            const Path file = entry.path();
            if (file.extension() != ".cpp" || file.filename() == "main.cpp") continue;
            if (file_exists(Path{file}.replace_extension(".hpp"))) continue;
            for (const auto& included : includes_of(read_file(file))) {
                const bool is_neighbour = included.starts_with(folder + "/");
                if (!is_neighbour || !files_.contains(included)) continue;
                add(folder + "/" + file.filename().string());
            }
        }
        return files_.size() > before;
    }

    const std::set<std::string>& files() const { return files_; }

private:
    std::string tree_;
    std::set<std::string> files_;
};

// Their names in one directory: two of one name are told apart by their folder.
static std::map<std::string, std::string> flat_names(const std::set<std::string>& files) {
    std::map<std::string, int> count;
    for (const auto& path : files) ++count[file_name(path)];
    std::map<std::string, std::string> names;
    for (const auto& path : files) {
        const bool is_alone = count[file_name(path)] == 1;
        names[path] = is_alone ? file_name(path) : replaced(path, "/", "-");
    }
    return names;
}

int export_stage(const Workshop& workshop, int stage, const std::string& directory) {
    require_new_directory(directory);
    const std::string own = stage_folder(workshop.tree, stage);
    Closure closure{workshop.tree};
    closure.add(own + "/main.cpp");
    bool grows = true;
    while (grows) {
        grows = false;
        for (const auto& folder : folders_for(workshop.tree, stage)) {
            grows = closure.add_headless(folder) || grows;
        }
    }
    make_directories(directory);
    const auto names = flat_names(closure.files());
    for (const auto& [path, name] : names) {
        std::string text = read_file(workshop.tree + "/" + path);
        for (const auto& included : includes_of(text)) {
            if (!names.contains(included)) continue;
            text = replaced(text, "#include \"" + included + "\"",
                            "#include \"" + names.at(included) + "\"");
        }
        write_file(directory + "/" + name, text);
    }
    std::string makefile = replaced(std::string{kMakefile}, "@STAGE@", own);
    write_file(directory + "/Makefile", replaced(makefile, "@LINK@", stage < 3 ? "" : "-static "));
    return static_cast<int>(names.size());
}
