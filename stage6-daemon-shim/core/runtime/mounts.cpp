#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>

#include "common/error.hpp"
#include "stage4-chroot/binds.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage6-daemon-shim/core/runtime/steps.hpp"

struct AttributeName {
    std::string_view sets, clears;  // mount(8): "ro" and "rw"
    unsigned attribute;
};

static constexpr AttributeName kAttributes[] = {{"ro", "rw", MOUNT_ATTR_RDONLY},
                                                {"nosuid", "suid", MOUNT_ATTR_NOSUID},
                                                {"nodev", "dev", MOUNT_ATTR_NODEV},
                                                {"noexec", "exec", MOUNT_ATTR_NOEXEC}};

// True when the word is one of these; a later word counts more than an earlier one.
static bool take_attribute(std::string_view word, unsigned& attributes) {
    for (const AttributeName& known : kAttributes) {
        if (word == known.sets) attributes |= known.attribute;
        if (word == known.clears) attributes &= ~known.attribute;
        if (word == known.sets || word == known.clears) return true;
    }
    return false;
}

static void mount_memory(int root, const MountSpec& mount) {
    unsigned attributes = 0;
    std::vector<std::string> texts;  // "size\0 64m": names and values for fsconfig(2)
    for (const auto& option : mount.options) {
        if (!take_attribute(option, attributes)) texts.push_back(option);
    }
    std::vector<MountOption> options;
    for (auto& text : texts) {
        const auto equals = text.find('=');
        if (equals != std::string::npos) text[equals] = '\0';
        options.push_back(
            {text.c_str(), equals == std::string::npos ? nullptr : text.c_str() + equals + 1});
    }
    const Fd memory = new_file_system("tmpfs", options, attributes);
    const Fd place = make_directory_in_root(root, mount.destination, Links::kept_inside);
    refuse_proc(place.get(), mount.destination);
    attach_mount(memory.get(), place.get(), mount.destination);
}

bool is_read_only(const MountSpec& mount) {
    return std::ranges::find(mount.options, "ro") != mount.options.end();
}

// As mount_binds, with a mount that has been opened and made read-only where it is to be.
static void mount_opened(int root, int opened, const std::string& destination) {
    struct stat status {};
    check(::fstat(opened, &status), "stat", destination);
    const Fd target = S_ISDIR(status.st_mode)
                          ? make_directory_in_root(root, destination, Links::kept_inside)
                          : make_file_in_root(root, destination, Links::kept_inside);
    refuse_proc(target.get(), destination);
    attach_mount(opened, target.get(), destination);
}

void mount_all(int root, const std::vector<MountSpec>& mounts, const std::vector<Fd>& opened) {
    for (std::size_t number = 0; number < mounts.size(); ++number) {
        const MountSpec& mount = mounts[number];
        if (mount.type == "tmpfs") {
            mount_memory(root, mount);
        } else if (mount.type == "bind") {
            if (number < opened.size() && opened[number]) {
                mount_opened(root, opened[number].get(), mount.destination);
            } else {
                mount_binds(root, {{mount.source, mount.destination, is_read_only(mount)}});
            }
        } else {
            throw Failure{"mount on " + printable(mount.destination) + ": type " +
                          printable(mount.type) + " is not supported"};
        }
    }
}
