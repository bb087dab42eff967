#include "stage6-daemon-shim/core/wire/stream_frames.hpp"

#include <vector>

#include "tests/support/testing.hpp"

static std::string decoded(StreamFrameDecoder& decoder, std::string_view input) {
    std::string text;
    while (const auto piece = decoder.next(input)) {
        for (const char byte : piece->bytes) {
            text += std::to_string(static_cast<int>(piece->type)) + byte;
        }
    }
    return text;
}

TEST_CASE("stream frames are what Docker's clients read", "[stage6][wire]") {
    std::string output;
    append_stream_frame(output, StreamType::standard_error, "hi\n");
    CHECK(output == std::string{"\x02\0\0\0\0\0\0\x03hi\n", 11});
    const auto header = stream_frame_header(StreamType::standard_output, 0x01020304);
    CHECK(std::string(header.begin(), header.end()) == std::string{"\x01\0\0\0\1\2\3\4", 8});
}

TEST_CASE("stream frames are decoded at every cut", "[stage6][wire]") {
    std::string bytes;
    append_stream_frame(bytes, StreamType::standard_output, "abc");
    append_stream_frame(bytes, StreamType::standard_error, "");
    append_stream_frame(bytes, StreamType::standard_error, "de");
    append_stream_frame(bytes, StreamType::system_error, "f");
    for (std::size_t first = 0; first <= bytes.size(); ++first) {
        for (std::size_t second = first; second <= bytes.size(); ++second) {
            StreamFrameDecoder decoder;
            std::string text = decoded(decoder, bytes.substr(0, first));
            text += decoded(decoder, bytes.substr(first, second - first));
            text += decoded(decoder, bytes.substr(second));
            REQUIRE(text == "1a1b1c2d2e3f");
            REQUIRE_FALSE(decoder.inside_frame());
        }
    }
}

TEST_CASE("a stream frame of 4 GiB is handed on in pieces, an unknown type refused",
          "[stage6][wire]") {
    StreamFrameDecoder decoder;
    CHECK(decoded(decoder, std::string{"\x01\0\0\0\xff\xff\xff\xff", 8} + "xy") == "1x1y");
    CHECK(decoder.inside_frame());
    StreamFrameDecoder other;
    CHECK_THROWS_WITH(decoded(other, "garbage"), "Unrecognized input header: 103");
}
