// Bodies of HTTP messages: however the bytes were cut, the same body; what stands behind it is
// left; a body that we cut into chunks comes out as it was.
#include "stage6-daemon-shim/core/wire/body.hpp"
#include "tests/fuzz/fuzz.hpp"

struct Decoded {
    std::string body;
    std::size_t taken = 0;
    bool done = false, refused = false;
    bool operator==(const Decoded&) const = default;
};

static Decoded decode(const MessageHead& head, const std::vector<std::string_view>& pieces) {
    BodyDecoder decoder{head};
    Decoded result;
    try {
        for (const auto piece : pieces) {
            const std::size_t taken = decoder.decode(piece, result.body);
            result.taken += taken;
            hold(taken == piece.size() || decoder.done(), "all is taken until the body's end");
        }
    } catch (const HttpError& error) {
        hold(error.status() == 400, "malformed chunks are 400");
        // How much came out before the fault is nobody's business: it is thrown away.
        return {{}, 0, false, true};
    }
    result.done = decoder.done();
    return result;
}

static void check_cuts(std::string_view input, const MessageHead& head, std::size_t cut) {
    const auto all = cuttings(input, cut);
    const Decoded whole = decode(head, all[0]);
    hold(whole.taken <= input.size() && whole.body.size() <= whole.taken, "nothing is invented");
    for (const auto& pieces : all) hold(decode(head, pieces) == whole, "cuts change nothing");
    if (head.framing != Framing::length) return;
    hold(whole.body == input.substr(0, head.content_length), "a length counts bytes");
}

static void check_round_trip(std::string_view input, std::size_t chunk) {
    MessageHead head;
    head.framing = Framing::chunked;
    std::string text;
    for (std::string_view rest = input; !rest.empty();) {
        const std::string_view piece = rest.substr(0, chunk);
        append_chunk_head(text, piece.size());
        text.append(piece).append(kChunkEnd);
        rest.remove_prefix(piece.size());
    }
    text += kLastChunk;
    const std::string_view next = "GET / HTTP/1.1\r\n";
    const Decoded decoded = decode(head, {text + std::string{next}});
    hold(decoded.done && decoded.body == input, "chunks hold what was put into them");
    hold(decoded.taken == text.size(), "the next request is left alone");
}

void check_input(std::string_view input) {
    Choices choices{input};
    MessageHead head;
    const std::size_t cut = choices.below(256);
    head.framing = static_cast<Framing>(choices.byte() % 4);
    if (head.framing == Framing::length) head.content_length = choices.number(2);
    check_cuts(input, head, cut);
    check_round_trip(input, cut + 1);
}
