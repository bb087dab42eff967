// The heads of HTTP/1.1 messages (RFC 9112), read strictly: whatever two readers could understand
// in two ways is refused. Pure functions of bytes; the sockets are somewhere else.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

constexpr std::size_t kHeadBytesMax = 32 * 1024;
constexpr std::size_t kHeadersMax = 100;
constexpr std::size_t kTargetBytesMax = 8 * 1024;

// Why a request is refused, with the status that says so to its sender.
class HttpError : public std::runtime_error {
public:
    HttpError(int status, const std::string& text) : std::runtime_error{text}, status_{status} {}

    int status() const { return status_; }

private:
    int status_;
};

// How the end of a message's body is found.
enum class Framing { none, length, chunked, until_close };

struct Header {
    std::string_view name, value;
};

// What requests and responses have in common. The views point into `text`, a vector since its
// elements, unlike a string's, stay where they are when it is moved.
struct MessageHead {
    MessageHead() = default;
    MessageHead(MessageHead&&) = default;
    MessageHead& operator=(MessageHead&&) = default;

    std::vector<char> text;
    std::vector<Header> headers;
    int minor_version = 1;  // of HTTP/1.x
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;  // with Framing::length
    bool keep_alive = true;            // what the version and `Connection` say

    // The value of the header (the name without regard to case), empty where there is none.
    std::string_view header(std::string_view name) const;

    // Whether a list such as `Connection: keep-alive, Upgrade` holds the word, in any case.
    bool header_has_word(std::string_view name, std::string_view word) const;
};

struct RequestHead : MessageHead {
    std::string_view method;
    std::string_view target;        // as sent: "/v1.44/containers/json?all=1", or "*"
    bool expects_continue = false;  // Expect: 100-continue
};

struct ResponseHead : MessageHead {
    int status = 0;
    std::string_view reason;
};

// Finds the end of a head in bytes that arrive in pieces, and refuses at the first byte that
// cannot belong to one. How the bytes were cut never changes the result.
class HeadScanner {
public:
    // `bytes` is all that has arrived since the head began. Returns the head's length, its empty
    // line included, or 0 while that has not arrived. Throws HttpError 400, 414 or 431.
    std::size_t scan(std::string_view bytes);

private:
    void end_line(std::size_t length);

    std::size_t scanned_ = 0;
    std::size_t line_begin_ = 0;
    std::size_t lines_ = 0;
};

// Parse a whole head as HeadScanner found it. The result is overwritten; its memory is used again.
// Throw HttpError: 400, 417 (an unknown Expect), 501 (a transfer coding other than chunked), 505.
void parse_request_head(std::string_view bytes, RequestHead& head);

// `request_method` tells whether a body can follow at all. Throws HttpError with status 502.
void parse_response_head(std::string_view bytes, std::string_view request_method,
                         ResponseHead& head);

// "Not Found" for 404.
std::string_view reason_phrase(int status);

// Whether two header names or values are the same but for the case of ASCII letters.
bool equal_ignoring_case(std::string_view left, std::string_view right);

// Append "HTTP/1.1 200 OK\r\n" and "Name: value\r\n". A value with a byte that would end the
// line throws std::invalid_argument: it would forge headers.
void append_status_line(std::string& output, int status, std::string_view reason = {});
void append_header(std::string& output, std::string_view name, std::string_view value);
