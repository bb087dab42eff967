#include "stage6-daemon-shim/core/daemon/sealed_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"

#ifndef MFD_EXEC
static constexpr unsigned kExecutable = 0x10;  // Linux 6.3
#else
static constexpr unsigned kExecutable = MFD_EXEC;
#endif

// Above the numbers that a shim is handed its descriptors under.
static constexpr int kNumberMin = 10;

static constexpr int kSealAttempts = 100;
static constexpr int kSealMilliseconds = 10;

static Fd new_memory_file(const std::string& name) {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    const int fd = ::memfd_create(name.c_str(), flags | kExecutable);
    if (fd != -1 || errno != EINVAL) return Fd{fd};
    return Fd{::memfd_create(name.c_str(), flags)};  // an older kernel: all of them are executable
}

SealedProgram::SealedProgram(const std::string& path) : path_{path} {
    const Fd file{check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path)};
    struct stat status {};
    check(::fstat(file.get(), &status), "stat", path);
    const Fd memory = new_memory_file(path.substr(path.rfind('/') + 1));
    if (!memory) return;
    for (off_t done = 0; done < status.st_size;) {
        const auto count = ::sendfile(memory.get(), file.get(), &done,
                                      static_cast<std::size_t>(status.st_size - done));
        if (check(count, "copy", path) == 0) break;
    }
    constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    // The kernel may hold a page of it for a moment longer, and then says EBUSY (fcntl(2)).
    for (int attempt = 0; ::fcntl(memory.get(), F_ADD_SEALS, seals) == -1; ++attempt) {
        if (errno != EBUSY || attempt == kSealAttempts) throw SystemError{errno, "seal", path};
        ::poll(nullptr, 0, kSealMilliseconds);
    }
    check(::fchmod(memory.get(), 0555), "chmod", path);
    copy_ = Fd{check(::fcntl(memory.get(), F_DUPFD_CLOEXEC, kNumberMin), "fcntl F_DUPFD_CLOEXEC")};
    const std::string of_descriptor = "/proc/self/fd/" + std::to_string(copy_.get());
    if (::access(of_descriptor.c_str(), X_OK) == 0) path_ = of_descriptor;
}
