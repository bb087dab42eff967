#include "stage6-daemon-shim/core/wire/http.hpp"

#include <algorithm>
#include <charconv>

static char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char one, char other) { return lower(one) == lower(other); });
}

static bool is_letter_or_digit(char byte) {
    return (lower(byte) >= 'a' && lower(byte) <= 'z') || (byte >= '0' && byte <= '9');
}

// RFC 9110 5.6.2: what methods and header names are made of.
static bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
        return is_letter_or_digit(byte) ||
               std::string_view{"!#$%&'*+-.^_`|~"}.find(byte) != std::string_view::npos;
    });
}

static std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// --- finding the end ----------------------------------------------------------------------------

void HeadScanner::end_line(std::size_t length) {
    if (lines_ == 0 && length == 0) throw HttpError{400, "empty request line"};
    if (lines_ > kHeadersMax) {
        throw HttpError{431, "more than " + std::to_string(kHeadersMax) + " headers"};
    }
    ++lines_;
}

std::size_t HeadScanner::scan(std::string_view bytes) {
    for (; scanned_ < bytes.size(); ++scanned_) {
        if (scanned_ >= kHeadBytesMax) throw HttpError{431, "request head is larger than 32 KiB"};
        const auto byte = static_cast<unsigned char>(bytes[scanned_]);
        const std::size_t column = scanned_ - line_begin_;
        const bool after_return = column > 0 && bytes[scanned_ - 1] == '\r';
        if ((byte == '\n') != after_return) throw HttpError{400, "line does not end in CR LF"};
        if (byte == '\n') {
            const std::size_t length = column - 1;
            if (lines_ > 0 && length == 0) return ++scanned_;
            end_line(length);
            line_begin_ = scanned_ + 1;
        } else if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7F) {
            throw HttpError{400, "control character in the request head"};
        } else if (lines_ == 0 && column > kTargetBytesMax + 64) {
            throw HttpError{414, "request target is longer than 8 KiB"};
        }
    }
    return 0;
}

// --- headers ------------------------------------------------------------------------------------

std::string_view MessageHead::header(std::string_view name) const {
    for (const Header& header : headers) {
        if (equal_ignoring_case(header.name, name)) return header.value;
    }
    return {};
}

bool MessageHead::header_has_word(std::string_view name, std::string_view word) const {
    for (const Header& header : headers) {
        if (!equal_ignoring_case(header.name, name)) continue;
        std::string_view rest = header.value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            if (equal_ignoring_case(trimmed(rest.substr(0, comma)), word)) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

// Takes the line at the front, without its end.
static std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return line;
}

static Header parse_header(std::string_view line) {
    // A line that begins with a space once continued the one before (obs-fold); its name is no
    // token, and neither is one with a space before the colon.
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        throw HttpError{400, "malformed header line"};
    }
    const std::string_view value = line.substr(colon + 1);
    if (value.find('\r') != std::string_view::npos) throw HttpError{400, "malformed header line"};
    return {line.substr(0, colon), trimmed(value)};
}

static std::uint64_t parse_content_length(std::string_view digits) {
    const char* const end = digits.data() + digits.size();
    std::uint64_t length = 0;
    const auto [stopped, error] = std::from_chars(digits.data(), end, length);
    if (digits.empty() || digits.size() > 18 || error != std::errc{} || stopped != end) {
        throw HttpError{400, "bad Content-Length"};
    }
    return length;
}

// What decides where the body ends, and how often it was said.
struct FramingHeaders {
    int lengths = 0, codings = 0, hosts = 0;
    std::string_view length, coding;
};

static FramingHeaders parse_headers(std::string_view lines, MessageHead& head) {
    FramingHeaders found;
    bool close = false;
    for (std::string_view line = take_line(lines); !line.empty(); line = take_line(lines)) {
        const Header header = head.headers.emplace_back(parse_header(line));
        if (equal_ignoring_case(header.name, "Host")) {
            ++found.hosts;
        } else if (equal_ignoring_case(header.name, "Content-Length")) {
            ++found.lengths;
            found.length = header.value;
        } else if (equal_ignoring_case(header.name, "Transfer-Encoding")) {
            ++found.codings;
            found.coding = header.value;
        } else if (equal_ignoring_case(header.name, "Connection")) {
            close = close || head.header_has_word("Connection", "close");
        }
    }
    head.keep_alive = !close && head.minor_version > 0;
    return found;
}

static void decide_framing(const FramingHeaders& found, MessageHead& head) {
    if (found.lengths + found.codings > 1 && (found.lengths > 0 || found.codings > 1)) {
        throw HttpError{400, "more than one Content-Length or Transfer-Encoding"};
    }
    if (found.codings == 1) {
        if (head.minor_version == 0) throw HttpError{400, "Transfer-Encoding in HTTP/1.0"};
        if (!equal_ignoring_case(found.coding, "chunked")) {
            throw HttpError{501, "unsupported transfer encoding"};
        }
        head.framing = Framing::chunked;
    } else if (found.lengths == 1) {
        head.framing = Framing::length;
        head.content_length = parse_content_length(found.length);
    }
}

static void reset(MessageHead& head, std::string_view bytes) {
    head.text.assign(bytes.begin(), bytes.end());
    head.headers.clear();
    head.framing = Framing::none;
    head.content_length = 0;
}

// HTTP/1.0 and HTTP/1.1: 0 and 1. Other well-formed versions: 505, everything else 400.
static int parse_minor_version(std::string_view version) {
    const auto is_digit = [&](std::size_t at) { return version[at] >= '0' && version[at] <= '9'; };
    if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(5) || version[6] != '.' ||
        !is_digit(7)) {
        throw HttpError{400, "malformed request line"};
    }
    if (version[5] != '1' || version[7] > '1') {
        throw HttpError{505, "unsupported protocol version"};
    }
    return version[7] - '0';
}

// --- requests and responses
// -----------------------------------------------------------------------

static void parse_request_line(std::string_view line, RequestHead& head) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        throw HttpError{400, "malformed request line"};
    }
    head.method = line.substr(0, first);
    head.target = line.substr(first + 1, last - first - 1);
    if (head.target.size() > kTargetBytesMax) {
        throw HttpError{414, "request target is longer than 8 KiB"};
    }
    const bool printable = std::all_of(head.target.begin(), head.target.end(), [](char byte) {
        return byte > ' ' && byte < 0x7F && byte != '#';
    });
    if (!is_token(head.method) || head.target.empty() || !printable) {
        throw HttpError{400, "malformed request line"};
    }
    head.minor_version = parse_minor_version(line.substr(last + 1));
}

void parse_request_head(std::string_view bytes, RequestHead& head) {
    reset(head, bytes);
    head.method = head.target = {};
    std::string_view rest{head.text.data(), head.text.size()};
    parse_request_line(take_line(rest), head);
    const FramingHeaders found = parse_headers(rest, head);
    if (found.hosts > 1) throw HttpError{400, "more than one Host header"};
    if (found.hosts == 0 && head.minor_version > 0) {
        throw HttpError{400, "missing required Host header"};
    }
    decide_framing(found, head);
    const std::string_view expectation = head.header("Expect");
    head.expects_continue = equal_ignoring_case(expectation, "100-continue");
    if (!expectation.empty() && !head.expects_continue) {
        throw HttpError{417, "unknown expectation"};
    }
}

static void parse_status_line(std::string_view line, ResponseHead& head) {
    // "HTTP/1.1 404 Not Found"; the reason, and even the space before it, may be missing.
    if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) {
        throw HttpError{400, "malformed status line"};
    }
    head.minor_version = parse_minor_version(line.substr(0, 8));
    const std::string_view digits = line.substr(9, 3);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 3, head.status);
    if (error != std::errc{} || end != digits.data() + 3 || head.status < 100) {
        throw HttpError{400, "malformed status line"};
    }
    head.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
}

void parse_response_head(std::string_view bytes, std::string_view request_method,
                         ResponseHead& head) {
    reset(head, bytes);
    try {
        std::string_view rest{head.text.data(), head.text.size()};
        parse_status_line(take_line(rest), head);
        decide_framing(parse_headers(rest, head), head);
    } catch (const HttpError& error) {
        throw HttpError{502, std::string{"bad response: "} + error.what()};
    }
    const int status = head.status;
    if (request_method == "HEAD" || status < 200 || status == 204 || status == 304) {
        head.framing = Framing::none;
    } else if (head.framing == Framing::none) {
        head.framing = Framing::until_close;
    }
}

// --- writing
// --------------------------------------------------------------------------------------

std::string_view reason_phrase(int status) {
    switch (status) {
        case 100: return "Continue";
        case 101: return "Switching Protocols";
        case 200: return "OK";
        case 201: return "Created";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 417: return "Expectation Failed";
        case 426: return "Upgrade Required";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        default: return "Unknown";
    }
}

void append_status_line(std::string& output, int status, std::string_view reason) {
    char digits[16];
    output += "HTTP/1.1 ";
    output.append(digits, std::to_chars(digits, digits + sizeof digits, status).ptr);
    output += ' ';
    output += reason.empty() ? reason_phrase(status) : reason;
    output += "\r\n";
}

void append_header(std::string& output, std::string_view name, std::string_view value) {
    if (value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos) {
        throw std::invalid_argument{"header " + std::string{name} + ": line end in its value"};
    }
    output.append(name).append(": ").append(value).append("\r\n");
}
