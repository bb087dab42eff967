// From the daemon's stream to our standard output and standard error.
#pragma once

#include <string>
#include <string_view>

#include "stage6-daemon-shim/core/wire/stream_frames.hpp"

enum class StreamFormat {
    raw,     // of a terminal: bytes, all for standard output
    frames,  // stdcopy frames
    // The same, and each begins with the position in the log behind its entry: sixteen hexadecimal
    // digits and a space. Our daemon sends it to a client that asks with `offsets=1`, so that it
    // can go on from there (`offset=`) when the daemon has been away.
    frames_with_offset,
};

// Bytes are taken in with feed() and written with write_some(), one piece at a time and in their
// order, so that a caller who polls never waits for whoever reads our output.
class StreamOutput {
public:
    // `offset` is where the stream begins, empty where that is not known. A stream whose first
    // frame has no offset is taken for plain frames: another engine's.
    explicit StreamOutput(StreamFormat format, std::string offset = {})
        : format_{format}, offset_{std::move(offset)} {}

    // Parts of it point into others.
    StreamOutput(const StreamOutput&) = delete;
    StreamOutput& operator=(const StreamOutput&) = delete;

    // Takes more bytes of the stream; only when idle(). Throws Failure for a frame that makes no
    // sense, and with the daemon's text for an error in mid-stream.
    void feed(std::string bytes);

    // True when all that came is written (or waits for the rest of its frame).
    bool idle() const { return piece_.empty(); }

    // The descriptor that write_some() writes to.
    int fd() const { return fd_; }

    // Writes what fits, at most 4 KiB of it into a pipe: so much never blocks one that poll(2)
    // calls writable. Throws SystemError.
    void write_some();

    // Writes all, waiting for the reader.
    void write_all();

    // Whether each entry comes with its offset(), which is that behind the last whole one.
    bool counts_offsets() const { return format_ == StreamFormat::frames_with_offset; }
    const std::string& offset() const { return offset_; }

private:
    void next_piece();
    bool take_frame_piece();
    void end_frame_with_offset();

    StreamFormat format_;
    StreamFrameDecoder decoder_;
    std::string bytes_;       // as fed
    std::string_view rest_;   // of bytes_, not yet decoded
    std::string_view piece_;  // of bytes_ or frame_, to be written next
    std::string frame_;       // gathered: with an offset, or an error's text
    int fd_ = 1;
    bool offset_seen_ = false;
    std::string offset_;
};
