#include "stage4-chroot/elf_dependencies.hpp"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "stage4-chroot/elf_file.hpp"

// More than this is a hostile file's, not a program's.
static constexpr std::size_t kLibrariesMax = 512;
static constexpr std::size_t kPlacesMax = 1024;

static std::string directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

static std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(separator, start), text.size());
        if (end > start) parts.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

static std::string trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

static void read_loader_configuration(const std::string& path, int depth,
                                      std::vector<std::string>& directories) {
    if (depth > 4 || !file_exists(path)) return;
    for (const std::string& text : split(read_file(path), '\n')) {
        const std::string line = trimmed(text.substr(0, text.find('#')));
        if (line.starts_with("include ") || line.starts_with("include\t")) {
            std::string pattern = trimmed(line.substr(7));
            if (!pattern.starts_with('/')) pattern = directory_of(path) + "/" + pattern;
            glob_t found{};
            if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
                for (std::size_t i = 0; i < found.gl_pathc; ++i) {
                    read_loader_configuration(found.gl_pathv[i], depth + 1, directories);
                }
            }
            ::globfree(&found);
        } else if (line.starts_with("/")) {
            directories.push_back(line);
        }
    }
}

std::vector<std::string> configured_library_directories(const std::string& path) {
    std::vector<std::string> directories;
    read_loader_configuration(path, 0, directories);
    return directories;
}

static const std::vector<std::string>& system_directories() {
    static const std::vector<std::string> directories = [] {
        auto all = configured_library_directories("/etc/ld.so.conf");
        for (const char* fixed : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"}) all.push_back(fixed);
        return all;
    }();
    return directories;
}

// ${ORIGIN} and $ORIGIN stand for the directory of the file that names them.
static std::string with_origin(std::string directory, const std::string& file) {
    for (const std::string word : {"${ORIGIN}", "$ORIGIN"}) {
        const auto at = directory.find(word);
        if (at != std::string::npos) directory.replace(at, word.size(), directory_of(file));
    }
    return directory;
}

class DependencyWalk {
public:
    explicit DependencyWalk(const ElfFile& program)
        : program_{program},
          has_musl_{program.interpreter.find("/ld-musl-") != std::string::npos} {}

    void add_needs_of(const std::string& path, const ElfFile& elf,
                      std::vector<std::string> inherited_rpath) {
        // DT_RPATH reaches down to the libraries of libraries; DT_RUNPATH replaces it (ld.so(8)).
        if (elf.runpath.empty()) {
            for (const auto& part : split(elf.rpath, ':')) {
                inherited_rpath.push_back(with_origin(part, path));
            }
        }
        std::vector<std::string> places = inherited_rpath;
        for (const auto& part : split(elf.runpath, ':')) places.push_back(with_origin(part, path));
        if (places.size() > kPlacesMax) {
            throw Failure{"read " + printable(path) + ": too many directories to look in"};
        }
        const auto& system = system_directories();
        places.insert(places.end(), system.begin(), system.end());

        for (const auto& name : elf.needed) {
            // musl's loader is its C library, under whichever of the two names.
            if (has_musl_ && name.starts_with("libc.")) continue;
            const bool known = std::any_of(paths.begin(), paths.end(), [&](const auto& known_path) {
                return known_path == name || known_path.ends_with("/" + name);
            });
            if (!known) add_library(name, path, places, inherited_rpath);
        }
    }

    std::vector<std::string> paths;

private:
    void add_library(const std::string& name, const std::string& wanted_by,
                     const std::vector<std::string>& places,
                     const std::vector<std::string>& inherited_rpath) {
        std::vector<std::string> candidates;
        if (name.find('/') != std::string::npos)
            candidates.push_back(name);
        else
            for (const auto& place : places) candidates.push_back(place + "/" + name);

        for (const auto& candidate : candidates) {
            if (!file_exists(candidate)) continue;
            ElfFile library;
            // The loader passes over a library of the other class or for another machine.
            const bool fits = read_elf(candidate, library) && library.machine == program_.machine &&
                              library.is_64_bit == program_.is_64_bit;
            if (!fits) continue;
            if (paths.size() >= kLibrariesMax) {
                throw Failure{"read " + printable(wanted_by) + ": it needs too many libraries"};
            }
            paths.push_back(candidate);
            add_needs_of(candidate, library, inherited_rpath);
            return;
        }
        throw Failure{"find " + printable(name) + ", which " + printable(wanted_by) +
                      " needs: no such library"};
    }

    const ElfFile& program_;
    bool has_musl_;
};

std::vector<std::string> elf_dependencies(const std::string& program) {
    ElfFile elf;
    if (!read_elf(program, elf)) return {};
    DependencyWalk walk{elf};
    if (!elf.interpreter.empty()) walk.paths.push_back(elf.interpreter);
    walk.add_needs_of(program, elf, {});
    return walk.paths;
}

std::string script_interpreter(const std::string& program) {
    constexpr std::size_t kFirstLineBytesMax = 256;  // BINPRM_BUF_SIZE: what the kernel reads
    const Fd file{check(::open(program.c_str(), O_RDONLY | O_CLOEXEC), "open", program)};
    std::string start(kFirstLineBytesMax, '\0');
    const auto count = check(::pread(file.get(), start.data(), start.size(), 0), "read", program);
    start.resize(static_cast<std::size_t>(count));
    if (!start.starts_with("#!")) return {};
    const std::size_t begin = start.find_first_not_of(" \t", 2);
    if (begin == std::string::npos) return {};
    return start.substr(begin, start.find_first_of(" \t\n", begin) - begin);
}
