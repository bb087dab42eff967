// Paths in a root: the kernel's answer (openat2) is that of a slow resolver here, which goes step
// by step; what is made on the way is in the root, and nothing outside has changed.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "tests/fuzz/fuzz.hpp"

static constexpr std::array kNames{"a", "b", "..", "l0", "l1", "l2", "l3", "file",
                                   ".", "",  "n0", "n1", "..", "..", "/",  "a"};
static constexpr int kLinksMax = 40;  // MAXSYMLINKS of the kernel

static std::string chosen_path(Choices& choices) {
    std::string path;
    for (std::size_t count = choices.byte() % 12u; count > 0; --count) {
        path.append(kNames[choices.byte() % kNames.size()]).append(count > 1 ? "/" : "");
    }
    return path;
}

// tree/ is the root: directories a and a/b, a file in each, and links that each input chooses.
static const std::string& tree() {
    static const std::string path = [] {
        const std::string root = scratch_directory() + "/tree";
        make_directories(root + "/a/b");
        for (const char* place : {"/file", "/a/file", "/a/b/file", "/../file"}) {
            write_file(root + place, "");
        }
        return root;
    }();
    return path;
}

static void make_links(Choices& choices) {
    for (const std::string place : {"l0", "l1", "a/l2", "a/b/l3"}) {
        const std::string link = tree() + "/" + place;
        std::string target = chosen_path(choices);
        if (target.empty()) target = "..";
        ::unlink(link.c_str());
        check(::symlink(target.c_str(), link.c_str()), "symlink", link);
    }
}

struct Answer {
    int error = 0;
    std::string path;  // inside the root, "" for the root itself
    bool operator==(const Answer&) const = default;
};

static void push_front(std::deque<std::string>& waiting, const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        parts.push_back(path.substr(start, end - start));
        start = end + 1;
    }
    waiting.insert(waiting.begin(), parts.begin(), parts.end());
}

static Answer resolve_slowly(const std::string& path, Links links) {
    if (path.empty()) return {ENOENT, {}};
    std::deque<std::string> waiting;
    push_front(waiting, path);
    std::filesystem::path here;
    bool in_directory = true;
    for (int followed = 0; !waiting.empty();) {
        const std::string name = waiting.front();
        waiting.pop_front();
        if (!in_directory) return {ENOTDIR, {}};
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            here = here.parent_path();
            continue;
        }
        struct stat status {};
        const std::string real = tree() + "/" + (here / name).string();
        if (::lstat(real.c_str(), &status) == -1) return {errno, {}};
        if (!S_ISLNK(status.st_mode)) {
            here /= name;
            in_directory = S_ISDIR(status.st_mode);
            continue;
        }
        if (links == Links::refused || ++followed > kLinksMax) return {ELOOP, {}};
        const std::string target = std::filesystem::read_symlink(real).string();
        if (target.starts_with('/')) here.clear();
        push_front(waiting, target);
    }
    return {0, here.string()};
}

static std::string place_of(const Fd& fd) {
    const std::string real =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd.get()));
    hold(real == tree() || real.starts_with(tree() + "/"), "nothing outside the root is opened");
    return real == tree() ? "" : real.substr(tree().size() + 1);
}

static Answer resolve(int root, const std::string& path, Links links) {
    try {
        return {0, place_of(open_in_root(root, path, O_PATH, links))};
    } catch (const SystemError& error) {
        return {error.error(), {}};
    }
}

static constexpr std::array kPlaces{"a",  "a/b", "file", "a/file", "a/b/file",
                                    "l0", "l1",  "a/l2", "a/b/l3"};

static void remove_what_was_made() {
    std::vector<std::filesystem::path> made;
    for (auto at = std::filesystem::recursive_directory_iterator{tree()}; at != end(at); ++at) {
        const std::string place = at->path().string().substr(tree().size() + 1);
        if (std::find(kPlaces.begin(), kPlaces.end(), place) != kPlaces.end()) continue;
        made.push_back(at->path());
        at.disable_recursion_pending();
    }
    for (const auto& one : made) std::filesystem::remove_all(one);
}

static void check_making(int root, const std::string& path, Links links, bool directory) {
    const auto outside = [] {
        const std::filesystem::directory_iterator all{scratch_directory()};
        return std::distance(begin(all), end(all));
    };
    const auto before = outside();
    try {
        const Fd made = directory ? make_directory_in_root(root, path, links)
                                  : make_file_in_root(root, path, links);
        const std::string place = place_of(made);
        hold(resolve_slowly(path, links) == Answer{0, place}, "what was made lies at its path");
    } catch (const std::exception&) {
        // A link to nowhere, a name such as `..` below what is not there.
    }
    hold(outside() == before, "nothing is made outside");
    remove_what_was_made();
}

void check_input(std::string_view input) {
    static const Fd root{check(::open(tree().c_str(), O_PATH | O_CLOEXEC), "open", tree())};
    Choices choices{input};
    make_links(choices);
    const std::string path = chosen_path(choices);
    for (const Links links : {Links::kept_inside, Links::refused}) {
        const Answer answer = resolve(root.get(), path, links);
        hold(answer == resolve_slowly(path, links), "openat2 and the slow resolver agree");
        if (answer.error == ENOENT) check_making(root.get(), path, links, choices.byte() % 2 == 0);
    }
}
