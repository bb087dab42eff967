#include "stage3-namespaces/show.hpp"

#include <limits.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage3-namespaces/namespaces.hpp"

// The link reads "pid:[4026531836]"; two processes share a namespace when the numbers are equal.
static std::string namespace_number(const std::string& process, std::string_view kind) {
    const std::string path = "/proc/" + process + "/ns/" + std::string{kind};
    char target[PATH_MAX];
    const auto length = ::readlink(path.c_str(), target, sizeof target);
    if (length == -1 && errno == EACCES) {
        throw SystemError{errno, "read", path, "it belongs to another user: ask as root"};
    }
    const std::string text{target, static_cast<std::size_t>(check(length, "read", path))};
    const auto start = text.find('[') + 1;
    return text.substr(start, text.find(']') - start);
}

static std::string padded(std::string_view text, std::size_t width) {
    std::string result{text};
    if (result.size() < width) result.resize(width, ' ');
    return result;
}

std::string namespaces_table(pid_t pid) {
    std::string table =
        padded("NAMESPACE", 11) + padded("NUMBER", 13) + padded("OURS", 6) + "ISOLATES\n";
    for (const auto& kind : namespace_kinds()) {
        const std::string number = namespace_number(std::to_string(pid), kind.name);
        const bool ours = number == namespace_number("self", kind.name);
        table += padded(kind.name, 11) + padded(number, 13) + padded(ours ? "yes" : "no", 6) +
                 std::string{kind.isolates} + "\n";
    }
    return table;
}
