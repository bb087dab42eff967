// What the handshake of a WebSocket is computed with.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

// SHA-1 (FIPS 180-4). Good enough for what RFC 6455 wants of it, a sign that the server has
// understood the request; not for anything that has to withstand an attacker.
std::array<std::uint8_t, 20> sha1(std::string_view message);

// With padding (RFC 4648 section 4).
std::string base64(std::string_view bytes);
