#include "stage6-daemon-shim/core/wire/stream_frames.hpp"

#include <algorithm>

std::array<char, kStreamHeaderBytes> stream_frame_header(StreamType type, std::size_t bytes) {
    const auto byte = [bytes](unsigned shift) { return static_cast<char>(bytes >> shift & 0xFF); };
    return {static_cast<char>(type), 0, 0, 0, byte(24), byte(16), byte(8), byte(0)};
}

void append_stream_frame(std::string& output, StreamType type, std::string_view bytes) {
    const auto header = stream_frame_header(type, bytes.size());
    output.append(header.data(), header.size()).append(bytes);
}

void StreamFrameDecoder::take_header(std::string_view& input) {
    const std::size_t bytes = std::min(input.size(), kStreamHeaderBytes - header_bytes_);
    std::copy_n(input.begin(), bytes, header_.begin() + static_cast<long>(header_bytes_));
    input.remove_prefix(bytes);
    header_bytes_ += bytes;
    const auto type = static_cast<unsigned char>(header_[0]);
    if (header_bytes_ > 0 && type > static_cast<unsigned char>(StreamType::system_error)) {
        throw StreamFrameError{"Unrecognized input header: " + std::to_string(type)};
    }
    if (header_bytes_ < kStreamHeaderBytes) return;
    type_ = static_cast<StreamType>(type);
    left_ = 0;
    for (std::size_t i = 4; i < kStreamHeaderBytes; ++i) {
        left_ = left_ << 8 | static_cast<unsigned char>(header_[i]);
    }
    header_bytes_ = 0;
}

std::optional<StreamFrameDecoder::Piece> StreamFrameDecoder::next(std::string_view& input) {
    while (left_ == 0) {
        if (input.empty()) return {};
        take_header(input);
    }
    if (input.empty()) return {};
    const Piece piece{type_, input.substr(0, left_)};
    input.remove_prefix(piece.bytes.size());
    left_ -= static_cast<std::uint32_t>(piece.bytes.size());
    return piece;
}
