#include "stage6-daemon-shim/core/daemon/host_image.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/rootfs.hpp"
#include "stage4-chroot/temporary_root.hpp"

// It is one of a kind: a made-up number in the form that clients expect.
static constexpr const char* kId =
    "sha256:686f737400000000000000000000000000000000000000000000000000000000";

HostImage::HostImage(std::string images_directory) : directory_{std::move(images_directory)} {}

std::string HostImage::id() {
    return kId;
}

bool HostImage::is_called(const std::string& name) const {
    const std::string full = kId;
    const bool by_id =
        name.size() >= 12 && (full.starts_with(name) || full.substr(7).starts_with(name));
    return name == "host" || name == "host:latest" || by_id;
}

bool HostImage::exists() const {
    return file_exists(directory_ + "/host");
}

std::string HostImage::make() {
    std::string path = directory_ + "/host";
    if (exists()) return path;
    const std::string unfinished = directory_ + "/host.tmp";
    make_directories(directory_);
    remove_tree(unfinished);
    build_rootfs(unfinished, {}, host_programs());
    check(::rename(unfinished.c_str(), path.c_str()), "rename", path);
    return path;
}

Json HostImage::summary() const {
    struct stat status {};
    const bool there = ::stat((directory_ + "/host").c_str(), &status) == 0;
    return Json::object({{"Id", kId},
                         {"ParentId", ""},
                         {"RepoTags", Json::array({"host:latest"})},
                         {"RepoDigests", Json::array()},
                         {"Created", there ? std::int64_t{status.st_mtime} : 0},
                         {"Size", 0},
                         {"SharedSize", -1},
                         {"VirtualSize", 0},
                         {"Labels", Json::object()},
                         {"Containers", -1}});
}
