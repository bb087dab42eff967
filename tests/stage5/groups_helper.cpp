#include <unistd.h>

#include "common/file.hpp"
#include "stage5-cgroups/cgroup.hpp"
#include "tests/stage5/groups.hpp"

void need_limits() {
    int found = 0;
    for (const auto& hierarchy : find_hierarchies()) {
        if (::access(hierarchy.own_group.c_str(), W_OK) != 0) continue;
        for (const auto* controller : {"memory", "cpu", "pids"}) found += hierarchy.has(controller);
    }
    if (found < 3) skip("no cgroup tree here in which we could limit memory, cpu and pids");
}

Words groups_of(const std::string& id) {
    Words found;
    for (const auto& directory : cgroup_directories(id, find_hierarchies())) {
        if (file_exists(directory)) found.push_back(directory);
    }
    return found;
}

std::string limit_of(const std::string& id, const Words& files) {
    for (const auto& group : groups_of(id)) {
        for (const auto& file : files) {
            if (!file_exists(group + "/" + file)) continue;
            const std::string text = read_file(group + "/" + file);
            return text.substr(0, text.find('\n'));
        }
    }
    return "no such file";
}

std::string id_of(const std::string& hostname) {
    const std::string prefix = "container-";
    INFO(hostname);
    REQUIRE(hostname.starts_with(prefix));
    const std::string id = hostname.substr(prefix.size(), 12);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    return id;
}
