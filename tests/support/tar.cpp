#include "tests/support/tar.hpp"

#include <cstdio>

static void put(std::string& header, std::size_t place, const std::string& text) {
    header.replace(place, text.size(), text);
}

static std::string octal(std::uint64_t number, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(number));
    return text;
}

std::string tar_entry(const TarItem& item) {
    std::string header(512, '\0');
    put(header, 0, item.name.substr(0, 100));
    put(header, 100, octal(item.mode, 7));
    put(header, 108, octal(item.uid, 7));
    put(header, 116, octal(item.gid, 7));
    put(header, 124, octal(item.size != 0 ? item.size : item.content.size(), 11));
    put(header, 136, octal(1'000'000'000, 11));
    put(header, 148, "        ");
    header[156] = item.type;
    put(header, 157, item.link.substr(0, 100));
    put(header, 257, std::string{"ustar\00000", 8});
    put(header, 329, octal(item.major, 7));
    put(header, 337, octal(item.minor, 7));
    unsigned sum = 0;
    for (const char byte : header) sum += static_cast<unsigned char>(byte);
    put(header, 148, octal(sum, 6) + '\0');
    std::string entry = header + item.content;
    entry.resize((entry.size() + 511) / 512 * 512, '\0');
    return entry;
}

std::string tar_end() {
    return std::string(1024, '\0');
}
