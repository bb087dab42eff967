#include "stage6-daemon-shim/features/isolation/identity.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr std::size_t kFileBytesMax = 4 << 20;

static std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const auto end = std::min(text.find(separator), text.size());
        parts.emplace_back(text.substr(0, end));
        if (end == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

// The whole of the text must be a number: "1a" and "" are none (CVE-2026-30892).
static std::optional<std::uint32_t> as_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
    // The last one means "leave it as it is" to setresuid(2).
    if (number > std::numeric_limits<std::int32_t>::max()) return {};
    return number;
}

// The fields of the first line whose name, or whose number, this is. Both files have the name
// first, and the number third.
static std::vector<std::string> entry_of(const std::string& text, const std::string& wanted,
                                         std::size_t fields_min) {
    const auto number = as_number(wanted);
    for (const auto& line : split(text, '\n')) {
        auto fields = split(line, ':');
        if (fields.size() < fields_min) continue;
        if (fields[0] == wanted || (number && as_number(fields[2]) == number)) return fields;
    }
    return {};
}

// A number, but none that a user or a group can have.
static void check_range(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return;
    throw Failure{"uids and gids must be in range 0-2147483647"};
}

static gid_t find_group(const std::string& wanted, const std::string& group) {
    const auto entry = entry_of(group, wanted, 3);
    const auto number = entry.empty() ? as_number(wanted) : as_number(entry[2]);
    if (number) return *number;
    check_range(wanted);
    throw Failure{"unable to find group " + printable(wanted) +
                  ": no matching entries in group file"};
}

static void add_group(UserSpec& user, gid_t gid) {
    auto& groups = user.additional_groups;
    if (std::ranges::find(groups, gid) == groups.end()) groups.push_back(gid);
}

// The primary group counts among the others, too: to leave it off the list is to forbid what it is
// allowed, where a file's group is allowed less than everybody (CVE-2022-36109).
static void add_primary_group(UserSpec& user) {
    auto& groups = user.additional_groups;
    std::erase(groups, user.gid);
    groups.insert(groups.begin(), user.gid);
}

// Those in which /etc/group names the user as a member.
static void add_memberships(UserSpec& user, const std::string& name, const std::string& group) {
    if (name.empty()) return;
    for (const auto& line : split(group, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() < 4) continue;
        const auto members = split(fields[3], ',');
        const auto number = as_number(fields[2]);
        if (number && std::ranges::find(members, name) != members.end()) add_group(user, *number);
    }
}

Identity find_identity(const std::string& user, const std::vector<std::string>& more_groups,
                       const std::string& passwd, const std::string& group) {
    const auto colon = user.find(':');
    std::string name = user.substr(0, colon);
    if (name.empty()) name.push_back('0');
    const std::string group_name = colon == std::string::npos ? "" : user.substr(colon + 1);
    const auto entry = entry_of(passwd, name, 6);
    const auto number = entry.empty() ? as_number(name) : as_number(entry[2]);
    if (!number) {
        check_range(name);
        throw Failure{"unable to find user " + printable(name) +
                      ": no matching entries in passwd file"};
    }
    Identity identity{{*number, 0, {}}, entry.empty() ? "/" : entry[5]};
    if (!entry.empty()) identity.user.gid = as_number(entry[3]).value_or(0);
    // A group that was asked for stands in place of those that the files tell.
    if (group_name.empty()) {
        add_memberships(identity.user, entry.empty() ? "" : entry[0], group);
    } else {
        identity.user.gid = find_group(group_name, group);
    }
    for (const auto& more : more_groups) add_group(identity.user, find_group(more, group));
    add_primary_group(identity.user);
    return identity;
}

// Somebody else filled this root: a file there can be anything, a fifo or a disk's size of zeros.
static std::string read_if_regular(const char* path) {
    const Fd file{::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) == -1 || !S_ISREG(status.st_mode)) return {};
    std::string text(std::min<std::size_t>(static_cast<std::size_t>(status.st_size), kFileBytesMax),
                     '\0');
    const auto count = retry([&] { return ::read(file.get(), text.data(), text.size()); });
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
}

void choose_identity(Launch& launch) {
    if (!launch.spec.isolated) return;
    const JsonReader annotations = JsonReader{launch.spec.document}.get_object("annotations");
    std::vector<std::string> more_groups;
    for (auto& line : split(annotations.get_string(kGroupsAnnotation), '\n')) {
        if (!line.empty()) more_groups.push_back(std::move(line));
    }
    auto [user, home] =
        find_identity(annotations.get_string(kUserAnnotation), more_groups,
                      read_if_regular("/etc/passwd"), read_if_regular("/etc/group"));
    launch.user = std::move(user);
    const bool has_home = std::ranges::any_of(
        launch.environment, [](const auto& entry) { return entry.starts_with("HOME="); });
    if (!has_home) launch.environment.push_back("HOME=" + (home.empty() ? "/" : home));
}
