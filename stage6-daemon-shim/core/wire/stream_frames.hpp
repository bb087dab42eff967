// Docker's way to send two streams over one connection: each piece behind eight bytes, the
// stream's number, three zeros, and the length, its highest byte first.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

enum class StreamType : std::uint8_t {
    standard_input = 0,
    standard_output = 1,
    standard_error = 2,
    system_error = 3,  // from the daemon, in the middle of the stream
};

constexpr std::size_t kStreamHeaderBytes = 8;

// The header of a frame of so many bytes (fewer than 4 GiB).
std::array<char, kStreamHeaderBytes> stream_frame_header(StreamType type, std::size_t bytes);

// Appends a whole frame.
void append_stream_frame(std::string& output, StreamType type, std::string_view bytes);

class StreamFrameError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Takes frames out of a stream of bytes, however these were cut. It keeps at most a header: a
// frame of 4 GiB is handed on in pieces as it arrives.
class StreamFrameDecoder {
public:
    struct Piece {
        StreamType type;
        std::string_view bytes;  // of the input; never empty
    };

    // Takes the next piece from the front of the input; nothing when the input is used up.
    // Throws StreamFrameError for a type that there is not.
    std::optional<Piece> next(std::string_view& input);

    // True in the middle of a frame: the end of the stream here means that something is missing.
    bool inside_frame() const { return header_bytes_ > 0 || left_ > 0; }

private:
    void take_header(std::string_view& input);

    std::array<char, kStreamHeaderBytes> header_{};
    std::size_t header_bytes_ = 0;
    std::uint32_t left_ = 0;
    StreamType type_ = StreamType::standard_output;
};
