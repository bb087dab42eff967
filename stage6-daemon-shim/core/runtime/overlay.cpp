#include <fcntl.h>
#include <sys/mount.h>

#include "common/error.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage6-daemon-shim/core/runtime/steps.hpp"

// A path that holds neither the `,` nor the `:` that mean something in overlay's options, and that
// is never longer than the 256 bytes that fsconfig(2) takes.
class ShortPath {
public:
    explicit ShortPath(const std::string& path)
        : directory_{check(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open", path)},
          text_{"/proc/self/fd/" + std::to_string(directory_.get())} {}

    const std::string& text() const { return text_; }

private:
    Fd directory_;
    std::string text_;
};

Fd new_overlay(const OverlaySpec& overlay, bool in_user_namespace) {
    std::vector<ShortPath> layers;
    std::string lower;
    for (const auto& path : overlay.lower) {
        layers.emplace_back(path);
        lower += (lower.empty() ? "" : ":") + layers.back().text();
    }
    const ShortPath upper{overlay.upper};
    const ShortPath work{overlay.work};
    std::vector<MountOption> options = {{"lowerdir", lower.c_str()},
                                        {"upperdir", upper.text().c_str()},
                                        {"workdir", work.text().c_str()}};
    // Otherwise its unmount, at the container's end, writes all to disk that anybody on this
    // machine has written: sync_filesystem(), of the file system on which `upper` is.
    if (overlay.is_volatile) options.push_back({"volatile"});
    // Without root: its marks go into user.* attributes, since trusted.* belong to the host's root.
    if (in_user_namespace) options.push_back({"userxattr"});
    // A device file in somebody's layer opens a disk; the devices that are needed come from us.
    return new_file_system("overlay", options, MOUNT_ATTR_NODEV);
}
