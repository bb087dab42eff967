// Making the files of a tar archive below a directory, whatever the archive says.
#pragma once

#include <cstdint>
#include <string>

#include "stage6-daemon-shim/core/archive/tar_reader.hpp"

struct ExtractedTree {
    std::string digest;       // 64 digits: of the archive
    std::uint64_t bytes = 0;  // of all files
};

// Extracts into the existing directory. Every name is resolved as if that were / (openat2(2)):
// "..", absolute names and links of the archive lead nowhere outside, and what would is an error.
// As root owners, modes, devices and capabilities are kept; otherwise files are the user's, and
// devices are left out. Other extended attributes are never taken over: trusted.overlay.* would
// make a layer lie. Throws Failure and SystemError; what was made by then stays.
ExtractedTree extract_tar(TarReader& archive, const std::string& directory);
