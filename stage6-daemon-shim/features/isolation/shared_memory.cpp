#include "stage6-daemon-shim/features/isolation/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include "common/error.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

void resize_shared_memory(Launch& launch) {
    const JsonReader annotations = JsonReader{launch.spec.document}.get_object("annotations");
    const std::string bytes = annotations.get_string(kSharedMemoryAnnotation);
    if (bytes.empty()) return;
    const Fd place = open_in_root(launch.root.get(), "/dev/shm", O_PATH, Links::refused);
    const Fd memory{
        check(::fspick(place.get(), "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC), "fspick", "/dev/shm")};
    check(::fsconfig(memory.get(), FSCONFIG_SET_STRING, "size", bytes.c_str(), 0), "fsconfig",
          "/dev/shm size");
    check(::fsconfig(memory.get(), FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0), "reconfigure",
          "/dev/shm");
}
