// Archives as tar(5) has them, a file at a time: also such as tar(1) would not make.
#pragma once

#include <cstdint>
#include <string>

struct TarItem {
    std::string name;
    char type = '0';
    std::string content{};  // or, of a pax header, its records
    std::string link{};
    unsigned mode = 0644;
    std::uint64_t size = 0;  // 0: the content's
    unsigned major = 0, minor = 0;
    unsigned uid = 0, gid = 0;
};

// One entry with its header, its data and what fills its last block.
std::string tar_entry(const TarItem& item);

// Two blocks of zeros, the end of an archive.
std::string tar_end();
