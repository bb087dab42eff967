// The bodies of HTTP/1.1 messages, decoded as they arrive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stage6-daemon-shim/core/wire/http.hpp"

constexpr std::size_t kChunkExtensionBytesMax = 256;
constexpr std::size_t kTrailerBytesMax = 8 * 1024;

// Takes a body out of a stream of bytes; how these were cut never changes the result. It keeps no
// bytes of its own, and never takes one that stands behind the body.
class BodyDecoder {
public:
    BodyDecoder() = default;  // no body: done from the start
    explicit BodyDecoder(const MessageHead& head);

    // Appends what is decoded to `output` and returns how many bytes of the input it has taken:
    // all of them, unless the body ended before. Throws HttpError 400 for malformed chunks.
    std::size_t decode(std::string_view input, std::string& output);

    // True when the body has arrived to its end. With Framing::until_close it never is.
    bool done() const { return state_ == State::done; }

private:
    enum class State {
        done,
        until_close,
        length,
        size,       // of a chunk, in hexadecimal digits
        extension,  // what follows the size, up to CR
        size_end,   // the LF behind it
        data,
        data_cr,
        data_lf,
        trailer,  // at the beginning of a line behind the last chunk
        trailer_line,
        trailer_lf,
        last_lf,
    };

    std::size_t take_data(std::string_view input, std::string& output);
    void take_byte(char byte);
    void take_size_byte(char byte);
    void take_trailer_byte(char byte);
    void expect(bool right, const char* what) const;

    State state_ = State::done;
    std::uint64_t left_ = 0;  // bytes of the body, or of the chunk
    std::size_t count_ = 0;   // digits of the size; bytes of extension or trailers
};

// Append a chunk's head for so many bytes of data; the data and "\r\n" follow it.
void append_chunk_head(std::string& output, std::size_t bytes);

constexpr std::string_view kChunkEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";
