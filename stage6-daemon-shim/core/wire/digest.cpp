#include "stage6-daemon-shim/core/wire/digest.hpp"

#include <bit>

using Sha1State = std::array<std::uint32_t, 5>;

static void add_block(Sha1State& state, std::string_view block) {
    std::array<std::uint32_t, 80> words{};
    for (std::size_t i = 0; i < 64; ++i) {
        words[i / 4] = words[i / 4] << 8 | static_cast<std::uint8_t>(block[i]);
    }
    for (std::size_t i = 16; i < 80; ++i) {
        words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i < 80; ++i) {
        const auto [mix, constant] = i < 20   ? std::pair{(b & c) | (~b & d), 0x5A827999u}
                                     : i < 40 ? std::pair{b ^ c ^ d, 0x6ED9EBA1u}
                                     : i < 60 ? std::pair{(b & c) | (b & d) | (c & d), 0x8F1BBCDCu}
                                              : std::pair{b ^ c ^ d, 0xCA62C1D6u};
        const std::uint32_t sum = std::rotl(a, 5) + mix + e + constant + words[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = sum;
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

std::array<std::uint8_t, 20> sha1(std::string_view message) {
    std::string padded{message};
    padded += '\x80';
    padded.append((64 + 56 - padded.size() % 64) % 64, '\0');
    const std::uint64_t bits = std::uint64_t{message.size()} * 8;
    for (unsigned shift = 64; shift > 0; shift -= 8) {
        padded += static_cast<char>(bits >> (shift - 8) & 0xFF);
    }
    Sha1State state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    for (std::string_view rest = padded; !rest.empty(); rest.remove_prefix(64)) {
        add_block(state, rest.substr(0, 64));
    }
    std::array<std::uint8_t, 20> digest{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
        digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
    }
    return digest;
}

std::string base64(std::string_view bytes) {
    static constexpr char kDigits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = bits << 8 | (i < group.size() ? static_cast<std::uint8_t>(group[i]) : 0u);
        }
        for (unsigned i = 0; i < 4; ++i) {
            result += i <= group.size() ? kDigits[bits >> (18 - 6 * i) & 0x3F] : '=';
        }
    }
    return result;
}
