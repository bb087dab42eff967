#include <sys/mount.h>

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
    attach_mount(memory.get(), place.get(), mount.destination);
}

void mount_all(int root, const std::vector<MountSpec>& mounts) {
    for (const MountSpec& mount : mounts) {
        if (mount.type == "tmpfs") {
            mount_memory(root, mount);
        } else if (mount.type == "bind") {
            const bool read_only = std::ranges::find(mount.options, "ro") != mount.options.end();
            mount_binds(root, {{mount.source, mount.destination, read_only}});
        } else {
            throw Failure{"mount on " + printable(mount.destination) + ": type " +
                          printable(mount.type) + " is not supported"};
        }
    }
}
