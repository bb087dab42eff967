#include "tests/faults/worker_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"

static constexpr std::size_t kBytesMax = 256u << 20;

ScratchFile::ScratchFile(const std::string& directory, unsigned number) {
    const std::string path = directory + "/output-" + std::to_string(number);
    const int flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC;
    file_ = Fd{check(::open(path.c_str(), flags, 0600), "open", path)};
    check(::unlink(path.c_str()), "unlink", path);
}

void ScratchFile::fill(const std::string& text) const {
    write_all(fd(), text, "scratch file");
    check(::lseek(fd(), 0, SEEK_SET), "lseek");
}

std::string ScratchFile::text() const {
    check(::lseek(fd(), 0, SEEK_SET), "lseek");
    return read_all(fd(), "scratch file", kBytesMax);
}

bool is_zombie(pid_t pid) {
    try {
        const std::string status = read_file("/proc/" + std::to_string(pid) + "/stat");
        return status.find(") Z") != std::string::npos;
    } catch (const SystemError&) {
        return true;  // and reaped
    }
}
