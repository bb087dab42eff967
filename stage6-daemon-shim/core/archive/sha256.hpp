// SHA-256 (FIPS 180-4): what images and their layers are called by.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

class Sha256 {
public:
    void add(std::string_view bytes);

    // 64 hexadecimal digits; nothing can be added afterwards.
    std::string finish();

private:
    static constexpr std::size_t kBlockBytes = 64;
    void add_block(const unsigned char* block);

    std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<unsigned char, kBlockBytes> rest_{};  // what does not fill a block yet
    std::uint64_t bytes_ = 0;
};

// "sha256:" and the digits.
std::string sha256_of(std::string_view bytes);
