#include "stage6-daemon-shim/core/daemon/worker_jobs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage4-chroot/rootfs.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage6-daemon-shim/core/archive/decompress.hpp"
#include "stage6-daemon-shim/core/archive/tar_extract.hpp"
#include "stage6-daemon-shim/core/daemon/tree.hpp"

// Files of a mode that forbids it, as overlay's work/work has one, are removed all the same.
static std::string remove_tree_at(const std::string& path) {
    if (!remove_tree_of_dying(path)) throw Failure{"remove " + path + ": something is left in it"};
    return {};
}

static std::string content_text(const std::string& digest, std::uint64_t bytes) {
    return digest + " " + std::to_string(bytes);
}

// From standard input into an empty directory: "DIGEST BYTES".
static std::string extract_into(const std::string& directory) {
    Decompressor input{STDIN_FILENO};
    TarReader archive{input.output(), input.start()};
    const ExtractedTree tree = extract_tar(archive, directory);
    input.finish();
    return content_text(tree.digest, tree.bytes);
}

// The root of this machine's own programs: "DIGEST BYTES".
static std::string make_host_root(const std::string& directory) {
    build_rootfs(directory, {}, host_programs());
    const TreeContent content = content_of_tree(directory);
    const Fd root{
        check(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", directory)};
    check(::syncfs(root.get()), "syncfs", directory);
    return content_text(content.digest, content.bytes);
}

struct Job {
    std::string_view name;
    std::size_t arguments;
    std::string (*run)(const std::vector<std::string>& job);
};

// The places of one container, a line each.
static std::string remove_cgroups_at(const std::string& places) {
    for (const auto& left : remove_cgroups(words_of(places, "\n")))
        throw Failure{text_of_left(left)};
    return {};
}

static constexpr Job kJobs[] = {
    {"remove-tree", 1, [](const std::vector<std::string>& job) { return remove_tree_at(job[1]); }},
    {"remove-cgroups", 1,
     [](const std::vector<std::string>& job) { return remove_cgroups_at(job[1]); }},
    {"extract-tar", 1, [](const std::vector<std::string>& job) { return extract_into(job[1]); }},
    {"make-host", 1, [](const std::vector<std::string>& job) { return make_host_root(job[1]); }},
    {"copy-tree", 2,
     [](const std::vector<std::string>& job) {
         copy_tree(job[1], job[2]);
         return std::string{};
     }},
};

std::string do_job(const std::vector<std::string>& job) {
    ::umask(022);
    for (const Job& known : kJobs) {
        if (known.name == job[0] && known.arguments + 1 == job.size()) return known.run(job);
    }
    throw Failure{"worker: no such job: " + printable(job[0])};
}
