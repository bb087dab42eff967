#include "stage6-daemon-shim/core/contract/log_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "common/error.hpp"

static constexpr const char* kCountFile = "log.count";

std::string log_file(unsigned number) {
    return number == 0 ? kLogFile : kLogFile + ("." + std::to_string(number));
}

std::uint64_t LogCount::read(const ContainerDir& directory) {
    if (!directory.has(kCountFile)) return 0;
    return std::strtoull(directory.read(kCountFile).c_str(), nullptr, 10);
}

// In place and always of one length: a reader never sees half of it.
void LogCount::write(const ContainerDir& directory, std::uint64_t count) {
    char digits[32];
    const int length =
        std::snprintf(digits, sizeof digits, "%020llu\n", static_cast<unsigned long long>(count));
    const Fd file = directory.open_file(kCountFile, O_WRONLY | O_CREAT);
    const auto written =
        retry([&] { return ::pwrite(file.get(), digits, static_cast<std::size_t>(length), 0); });
    check(written, "write", kCountFile);
}
