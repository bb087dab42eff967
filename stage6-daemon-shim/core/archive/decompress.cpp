#include "stage6-daemon-shim/core/archive/decompress.hpp"

#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/copy_program.hpp"
#include "stage6-daemon-shim/core/contract/spawn_program.hpp"

struct Format {
    std::string_view magic;
    const char* program;
};

static constexpr Format kFormats[] = {{"\x1f\x8b\x08", "gzip"},
                                      {"BZh", "bzip2"},
                                      {"\xfd"
                                       "7zXZ",
                                       "xz"},
                                      {"\x28\xb5\x2f\xfd", "zstd"}};
static constexpr std::size_t kMagicBytesMax = 6;

static std::string read_start(int input) {
    std::string start(kMagicBytesMax, '\0');
    std::size_t size = 0;
    while (size < start.size()) {
        const auto count =
            check(retry([&] { return ::read(input, start.data() + size, start.size() - size); }),
                  "read", "archive");
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    start.resize(size);
    return start;
}

Decompressor::Decompressor(int input) : input_{input}, start_{read_start(input)} {
    for (const Format& format : kFormats) {
        if (start_.starts_with(format.magic)) {
            run_filter(format.program);
            return;
        }
    }
}

// The bytes that we have looked at cannot be put back: a process in between writes them first. It
// leaves only by _exit and touches no owner of its parent's.
[[noreturn]] static void feed(int input, const std::string& start, int output) noexcept {
    try {
        write_all(output, start, "filter");
        std::string piece(64u << 10, '\0');
        while (true) {
            const auto count = retry([&] { return ::read(input, piece.data(), piece.size()); });
            if (count <= 0) break;
            write_all(output, std::string_view{piece}.substr(0, static_cast<std::size_t>(count)),
                      "filter");
        }
    } catch (const std::exception&) {
        // The filter has ended, and says why by its code.
    }
    ::_exit(0);
}

void Decompressor::run_filter(const std::string& name) {
    const auto program = find_program(name);
    if (!program) {
        throw Failure{"the archive is compressed with " + name +
                      ", and this machine has no such program: uncompress it first"};
    }
    filter_name_ = name;
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    const SpawnedProgram filter =
        spawn_program(*program, {name, "-dc"}, {in.read_end.get(), out.write_end.get(), -1});
    filter_ = Child{filter.pid};
    in.read_end.close();
    out.write_end.close();
    const pid_t feeder = clone_process({});
    if (feeder == 0) {
        out.read_end.close();  // or the filter would never see that its reader has gone
        feed(input_, start_, in.write_end.get());
    }
    feeder_ = Child{feeder};
    start_.clear();
    output_ = std::move(out.read_end);
}

void Decompressor::finish() {
    if (!output_) return;
    output_.close();
    const int code = filter_.wait();
    if (code != 0) throw Failure{"the archive is damaged: " + filter_name_ + " cannot read it"};
}
