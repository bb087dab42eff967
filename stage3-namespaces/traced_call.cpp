#include "stage3-namespaces/traced_call.hpp"

#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "common/error.hpp"

static constexpr std::size_t kTextBytesMax = 200;

std::string TracedCall::bytes_at(std::uint64_t address, std::size_t size) const {
    // Two pieces, cut where a page may end: the first is there even if the second is not.
    constexpr std::uint64_t page = 4096;
    const std::size_t first = std::min<std::size_t>(size, page - address % page);
    std::string bytes(size, '\0');
    iovec local{bytes.data(), size};
    // An address of another process's is a number here and never a pointer of ours.
    // NOLINTBEGIN(performance-no-int-to-ptr)
    iovec remote[2] = {{reinterpret_cast<void*>(address), first},
                       {reinterpret_cast<void*>(address + first), size - first}};
    // NOLINTEND(performance-no-int-to-ptr)
    const auto count = ::process_vm_readv(pid, &local, 1, remote, first < size ? 2 : 1, 0);
    bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return bytes;
}

std::uint64_t TracedCall::number_at(std::uint64_t address) const {
    std::uint64_t value = 0;
    const std::string bytes = bytes_at(address, sizeof value);
    if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

std::string TracedCall::text(std::size_t i) const {
    if (arguments[i] == 0) return "none";
    const std::string bytes = bytes_at(arguments[i], kTextBytesMax);
    return quoted(bytes.substr(0, bytes.find('\0')));
}

std::string TracedCall::link(std::size_t i) const {
    return "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(integer(i));
}

std::string TracedCall::file(std::size_t i) const {
    char path[PATH_MAX];
    const auto length = ::readlink(link(i).c_str(), path, sizeof path);
    if (length <= 0) return std::to_string(integer(i));
    return quoted({path, static_cast<std::size_t>(length)});
}

std::string TracedCall::mount(std::size_t i) const {
    const auto known = mounts.find(integer(i));
    return known == mounts.end() ? file(i) : known->second;
}

std::string quoted(std::string_view text) {
    return "\"" + printable(text) + "\"";
}

std::string names_of_flags(std::uint64_t flags, std::span<const FlagName> names) {
    std::string text;
    for (const auto& [bits, name] : names) {
        if ((flags & bits) != bits) continue;
        text.append(text.empty() ? "" : "|").append(name);
        flags &= ~bits;
    }
    if (flags == 0 && !text.empty()) return text;
    return text + (text.empty() ? "" : "|") + std::to_string(flags);
}
