// Reading a tar archive from a stream that somebody else wrote (tar(5); POSIX.1-2017, pax).
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/fd.hpp"
#include "stage6-daemon-shim/core/archive/sha256.hpp"

enum class TarType : char {
    file = '0',
    hard_link = '1',
    symbolic_link = '2',
    character_device = '3',
    block_device = '4',
    directory = '5',
    fifo = '6'
};

struct TarEntry {
    TarType type = TarType::file;
    std::string name, link;  // as the archive has them: believe nothing
    std::uint64_t size = 0;  // of a file's data
    mode_t mode = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    timespec modified{};
    unsigned device_major = 0, device_minor = 0;
    std::string capability;  // the extended attribute security.capability, as bytes
};

class TarReader {
public:
    // `start` are bytes that were read from `input` already.
    TarReader(int input, std::string start);

    // The next entry; what is left of the data of the one before is skipped. False at the end of
    // the archive. Throws Failure for what is no tar, for an archive that ends in the middle, and
    // for what we do not read: sparse files, archives of several volumes.
    bool next(TarEntry& entry);

    // The next piece of the entry's data; empty at its end.
    std::string_view read_data();

    // Reads what may follow the archive, and returns the digest of the whole stream.
    std::string finish();

private:
    struct Extensions;

    void fill();
    std::string_view take(std::size_t bytes_max);
    std::string take_all(std::size_t bytes);
    void skip_data();
    std::string take_text();
    void take_pax(Extensions& extensions);
    void read_header(std::string_view block, TarEntry& entry);

    int input_;
    std::string buffer_;
    std::size_t begin_ = 0;
    bool input_ended_ = false;
    std::uint64_t data_left_ = 0;
    std::size_t padding_ = 0;  // behind the data, up to a whole block
    Sha256 sum_;
};
