#include "tests/fuzz/fuzz.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>

#include "common/error.hpp"
#include "common/file.hpp"

[[noreturn]] static void end_badly(std::string_view promise) {
    const std::string line = "\nBroken: " + std::string{promise} + "\n";
    std::fputs(line.c_str(), stderr);
    std::abort();
}

void hold(bool holds, std::string_view promise) {
    if (!holds) end_badly(promise);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        check_input({reinterpret_cast<const char*>(data), size});
    } catch (const std::exception& error) {
        end_badly(std::string{"only the errors that the header names are thrown, not: "} +
                  error.what());
    }
    return 0;
}

std::size_t drawn_from(std::string_view input, std::size_t limit) {
    return std::hash<std::string_view>{}(input) % limit;
}

std::uint64_t Choices::number(unsigned bytes) {
    std::uint64_t result = 0;
    for (; bytes > 0; --bytes) result = result << 8 | byte();
    return result;
}

std::uint8_t Choices::byte() {
    if (input_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(input_.front());
    input_.remove_prefix(1);
    return first;
}

std::string_view Choices::bytes(std::size_t count) {
    const std::string_view taken = input_.substr(0, count);
    input_.remove_prefix(taken.size());
    return taken;
}

std::string_view Choices::until(char end) {
    const std::string_view taken = input_.substr(0, input_.find(end));
    input_.remove_prefix(std::min(taken.size() + 1, input_.size()));
    return taken;
}

std::vector<std::vector<std::string_view>> cuttings(std::string_view bytes, std::size_t cut) {
    const std::size_t middle = std::min(cut, bytes.size());
    std::vector<std::string_view> single;
    for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
    return {{bytes}, {bytes.substr(0, middle), bytes.substr(middle)}, std::move(single)};
}

MemoryFile::MemoryFile() : file_{check(::memfd_create("input", MFD_CLOEXEC), "memfd_create")} {}

void MemoryFile::fill(std::string_view bytes) {
    check(::ftruncate(get(), 0), "truncate", "input");
    check(::lseek(get(), 0, SEEK_SET), "seek", "input");
    write_all(get(), bytes, "input");
    check(::lseek(get(), 0, SEEK_SET), "seek", "input");
}

const std::string& scratch_directory() {
    struct Scratch {
        std::string path = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
        Scratch() {
            path += "/slipway-fuzz-XXXXXX";
            if (::mkdtemp(path.data()) == nullptr) throw SystemError{errno, "mkdtemp", path};
        }
        ~Scratch() {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
    };
    static const Scratch scratch;
    return scratch.path;
}
