#include "stage6-daemon-shim/core/wire/body.hpp"

#include <algorithm>
#include <charconv>

BodyDecoder::BodyDecoder(const MessageHead& head) {
    switch (head.framing) {
        case Framing::none: break;
        case Framing::until_close: state_ = State::until_close; break;
        case Framing::chunked: state_ = State::size; break;
        case Framing::length:
            left_ = head.content_length;
            state_ = left_ > 0 ? State::length : State::done;
            break;
    }
}

std::size_t BodyDecoder::decode(std::string_view input, std::string& output) {
    std::size_t taken = 0;
    while (taken < input.size() && state_ != State::done) {
        if (state_ == State::length || state_ == State::data || state_ == State::until_close) {
            taken += take_data(input.substr(taken), output);
        } else {
            take_byte(input[taken++]);
        }
    }
    return taken;
}

std::size_t BodyDecoder::take_data(std::string_view input, std::string& output) {
    if (state_ == State::until_close) {
        output += input;
        return input.size();
    }
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    output += input.substr(0, bytes);
    left_ -= bytes;
    if (left_ == 0) state_ = state_ == State::length ? State::done : State::data_cr;
    return bytes;
}

void BodyDecoder::expect(bool right, const char* what) const {
    if (!right) throw HttpError{400, what};
}

void BodyDecoder::take_byte(char byte) {
    switch (state_) {
        case State::size:
        case State::extension:
        case State::size_end: return take_size_byte(byte);
        case State::data_cr:
            expect(byte == '\r', "chunk is longer than its size");
            state_ = State::data_lf;
            return;
        case State::data_lf:
            expect(byte == '\n', "chunk is longer than its size");
            state_ = State::size;
            return;
        case State::trailer:
        case State::trailer_line:
        case State::trailer_lf:
        case State::last_lf: return take_trailer_byte(byte);
        case State::done:
        case State::until_close:
        case State::length:
        case State::data: return;  // taken as data
    }
}

void BodyDecoder::take_size_byte(char byte) {
    if (state_ == State::size_end) {
        expect(byte == '\n', "malformed chunk size");
        state_ = left_ > 0 ? State::data : State::trailer;
        count_ = 0;
        return;
    }
    if (byte == '\r') {
        expect(count_ > 0 || state_ == State::extension, "malformed chunk size");
        state_ = State::size_end;
        return;
    }
    if (state_ == State::extension) {
        expect(++count_ <= kChunkExtensionBytesMax, "chunk extension is too long");
        expect(byte == '\t' || static_cast<unsigned char>(byte) >= 0x20, "malformed chunk size");
        return;
    }
    if (byte == ';' && count_ > 0) {
        state_ = State::extension;
        count_ = 0;
        return;
    }
    unsigned digit = 0;
    const bool hexadecimal = std::from_chars(&byte, &byte + 1, digit, 16).ec == std::errc{};
    expect(hexadecimal, "malformed chunk size");
    // 15 digits are more than any body has and fewer than overflow.
    expect(++count_ <= 15, "chunk size is too large");
    left_ = left_ * 16 + digit;
}

// Trailers are read past: nothing here has a use for them.
void BodyDecoder::take_trailer_byte(char byte) {
    expect(++count_ <= kTrailerBytesMax, "trailers are too long");
    switch (state_) {
        case State::trailer: state_ = byte == '\r' ? State::last_lf : State::trailer_line; break;
        case State::trailer_line:
            if (byte == '\r') state_ = State::trailer_lf;
            break;
        default:
            expect(byte == '\n', "malformed trailer");
            state_ = state_ == State::last_lf ? State::done : State::trailer;
            return;
    }
    const bool control = static_cast<unsigned char>(byte) < 0x20 && byte != '\r' && byte != '\t';
    expect(!control, "malformed trailer");
}

void append_chunk_head(std::string& output, std::size_t bytes) {
    char digits[24];
    output.append(digits, std::to_chars(digits, digits + sizeof digits, bytes, 16).ptr);
    output += "\r\n";
}
