// Docker's frames: however the bytes were cut, the same streams; frames of ours come out as they
// went in; of a frame of 4 GiB nothing is kept.
#include "stage6-daemon-shim/core/wire/stream_frames.hpp"
#include "tests/fuzz/fuzz.hpp"

struct Decoded {
    std::string streams[4];
    bool refused = false, inside = false;
    bool operator==(const Decoded&) const = default;
};

static Decoded decode(const std::vector<std::string_view>& pieces) {
    StreamFrameDecoder decoder;
    Decoded result;
    try {
        for (std::string_view rest : pieces) {
            while (const auto piece = decoder.next(rest)) {
                hold(!piece->bytes.empty(), "a piece is never empty");
                result.streams[static_cast<std::size_t>(piece->type)] += piece->bytes;
            }
            hold(rest.empty(), "all is taken");
        }
    } catch (const StreamFrameError&) {
        result.refused = true;
    }
    result.inside = decoder.inside_frame();
    return result;
}

void check_input(std::string_view input) {
    Choices choices{input};
    const std::size_t cut = choices.below(64);
    const auto all = cuttings(input, cut);
    const Decoded whole = decode(all[0]);
    for (const auto& pieces : all) hold(decode(pieces) == whole, "cuts change nothing");

    std::string frames;
    Decoded expected;
    while (!input.empty()) {
        const std::size_t type = choices.byte() % 4u;
        const std::string_view bytes = choices.bytes(choices.byte());
        append_stream_frame(frames, static_cast<StreamType>(type), bytes);
        expected.streams[type] += bytes;
    }
    for (const auto& pieces : cuttings(frames, cut)) {
        hold(decode(pieces) == expected, "what was framed comes out");
    }
}
