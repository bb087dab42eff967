// Compressed archives, by way of the programs that this machine has for them.
#pragma once

#include <string>
#include <vector>

#include "common/fd.hpp"
#include "common/process.hpp"

// The uncompressed bytes of a stream that may be compressed with gzip, bzip2, xz or zstd. We link
// no library for them: gzip and the others run as filters.
class Decompressor {
public:
    // Looks at the first bytes of `input`, which must outlive it. Throws Failure when this machine
    // has no program for what it finds.
    explicit Decompressor(int input);

    // What to read, and the bytes that were read from it already.
    int output() const { return output_ ? output_.get() : input_; }
    const std::string& start() const { return start_; }

    // When all is read: throws Failure where the compressed stream was damaged.
    void finish();

private:
    void run_filter(const std::string& name);

    int input_;
    std::string start_;
    std::string filter_name_;
    Fd output_;
    Child feeder_, filter_;
};
