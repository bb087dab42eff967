#include "common/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"

std::string read_all(int fd, std::string_view path, std::size_t bytes_max) {
    std::string content;
    char piece[16384];
    while (true) {
        const auto count =
            check(retry([&] { return ::read(fd, piece, sizeof piece); }), "read", path);
        if (count == 0) return content;
        content.append(piece, static_cast<std::size_t>(count));
        if (content.size() > bytes_max) {
            throw Failure{"read " + printable(path) + ": larger than " + std::to_string(bytes_max) +
                          " bytes"};
        }
    }
}

std::string read_file(const std::string& path, std::size_t bytes_max) {
    const Fd file{check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path)};
    return read_all(file.get(), path, bytes_max);
}

void write_all(int fd, std::string_view bytes, std::string_view path) {
    while (!bytes.empty()) {
        const auto count =
            check(retry([&] { return ::write(fd, bytes.data(), bytes.size()); }), "write", path);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void write_control_file(const std::string& path, std::string_view text) {
    const Fd file{check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open", path)};
    check(retry([&] { return ::write(file.get(), text.data(), text.size()); }), "write", path);
}

void write_file(const std::string& path, std::string_view text, unsigned mode) {
    const Fd file{
        check(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode), "open", path)};
    write_all(file.get(), text, path);
}

void make_directories(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (::mkdir(part.c_str(), 0755) == -1 && errno != EEXIST && errno != EISDIR) {
            // A parent on a read-only file system answers EROFS although it exists.
            const int reason = errno;
            if (!file_exists(part)) throw SystemError{reason, "mkdir", part};
        }
        if (end == std::string::npos) break;
    }
    struct stat status {};
    check(::stat(path.c_str(), &status), "stat", path);
    if (!S_ISDIR(status.st_mode)) throw SystemError{ENOTDIR, "mkdir", path};
}

bool file_exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

void print(std::string_view text) {
    write_all(STDOUT_FILENO, text, "standard output");
}
