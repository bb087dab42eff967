#include "stage6-daemon-shim/core/daemon/removal.hpp"

#include <dirent.h>

#include <memory>
#include <vector>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/daemon/worker.hpp"

// What is removed in less time than a process takes to start.
static constexpr std::size_t kFewFiles = 200;

static bool is_small(const std::string& path) {
    std::vector<std::string> directories = {path};
    std::size_t count = 0;
    while (!directories.empty()) {
        const std::string directory = std::move(directories.back());
        directories.pop_back();
        const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory.c_str()), ::closedir};
        while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
            const std::string name = entry->d_name;
            if (name == "." || name == "..") continue;
            if (++count > kFewFiles) return false;
            if (entry->d_type == DT_DIR) directories.push_back(directory + "/" + name);
        }
    }
    return true;
}

Task<void> remove_directory(EventLoop& loop, std::string path) {
    fail_point<"remove a buried container">();
    const std::vector<std::string> job = {"remove-tree", path};
    if (!is_small(path)) {
        co_await run_worker(loop, job);
    } else if (!remove_tree(path)) {
        throw Failure{"remove " + path + ": something is left in it"};
    }
}
