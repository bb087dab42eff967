// Builds a root file system from the host's own programs: no download. Article 3 step 2.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

// The programs that `host`, our standard root, has where the host has them: every one that the
// articles type inside a container, and those that its examples and exercises use.
std::span<const std::string_view> host_programs();

// Fills `directory` (made if it is missing) with the directories of a root, the programs, the
// libraries and loaders that their ELF headers name, and a few files in /etc. A program is a name,
// looked for along PATH and the sbin directories, or a path. From then on the umask is 022.
// Throws SystemError; Failure when a program is nowhere. Returns what it left out from
// `optional_programs` because this host does not have it.
std::vector<std::string> build_rootfs(const std::string& directory,
                                      const std::vector<std::string>& programs,
                                      std::span<const std::string_view> optional_programs);
