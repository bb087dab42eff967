#include "stage6-daemon-shim/core/archive/tar_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "common/error.hpp"

static constexpr std::size_t kBlockBytes = 512;
static constexpr std::size_t kBufferBytes = 256u << 10;
// Of a long name, or of all the extensions of an entry.
static constexpr std::uint64_t kExtensionBytesMax = 1u << 20;

// What stands before an entry and changes it.
struct TarReader::Extensions {
    std::string name, link, capability;
    std::string size, uid, gid, modified;  // pax: in decimal
};

[[noreturn]] static void fail_at_header(const std::string& why) {
    throw Failure{"archive/tar: invalid tar header (" + why + ")"};
}

TarReader::TarReader(int input, std::string start) : input_{input}, buffer_{std::move(start)} {
    sum_.add(buffer_);
}

void TarReader::fill() {
    buffer_.resize(kBufferBytes);
    begin_ = 0;
    const auto count = check(retry([&] { return ::read(input_, buffer_.data(), buffer_.size()); }),
                             "read", "archive");
    buffer_.resize(static_cast<std::size_t>(count));
    input_ended_ = count == 0;
    sum_.add(buffer_);
}

// What there is, at least one byte; empty at the end of the stream. Until the next call.
std::string_view TarReader::take(std::size_t bytes_max) {
    if (begin_ == buffer_.size() && !input_ended_) fill();
    const std::size_t count = std::min(bytes_max, buffer_.size() - begin_);
    begin_ += count;
    return std::string_view{buffer_}.substr(begin_ - count, count);
}

std::string TarReader::take_all(std::size_t bytes) {
    std::string all;
    while (all.size() < bytes) {
        const std::string_view piece = take(bytes - all.size());
        if (piece.empty()) break;
        all += piece;
    }
    return all;
}

std::string_view TarReader::read_data() {
    if (data_left_ == 0) return {};
    const auto wanted = std::min<std::uint64_t>(data_left_, kBufferBytes);
    const std::string_view piece = take(static_cast<std::size_t>(wanted));
    if (piece.empty()) throw Failure{"archive/tar: unexpected EOF"};
    data_left_ -= piece.size();
    return piece;
}

void TarReader::skip_data() {
    while (!read_data().empty()) continue;
    if (take_all(padding_).size() != padding_) throw Failure{"archive/tar: unexpected EOF"};
    padding_ = 0;
}

// --- the header ---------------------------------------------------------------------------------

static std::string_view text_of(std::string_view field) {
    return field.substr(0, field.find('\0'));
}

// Octal digits, or with the highest bit set a binary number (GNU's, for what is too large).
static std::uint64_t number_of(std::string_view field) {
    const auto first = static_cast<unsigned char>(field[0]);
    if (first & 0x80) {
        if (first & 0x40) fail_at_header("a negative number");
        std::uint64_t number = first & 0x3f;
        for (const char byte : field.substr(1)) {
            if (number >> 56 != 0) fail_at_header("a number is too large");
            number = number << 8 | static_cast<unsigned char>(byte);
        }
        return number;
    }
    const auto begin = std::min(field.find_first_not_of(std::string_view{" \0", 2}), field.size());
    const auto digits =
        field.substr(begin, field.find_first_of(std::string_view{" \0", 2}, begin) - begin);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number, 8);
    if (!digits.empty() && (error != std::errc{} || end != digits.end())) {
        fail_at_header("not a number");
    }
    return number;
}

template <class Number>
static Number number_within(std::uint64_t number) {
    if (!std::in_range<Number>(number)) fail_at_header("a number is too large");
    return static_cast<Number>(number);
}

static void check_sum(std::string_view block) {
    constexpr std::size_t place = 148, length = 8;
    std::int64_t of_unsigned = 0, of_signed = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
        const char byte = i >= place && i < place + length ? ' ' : block[i];
        of_unsigned += static_cast<unsigned char>(byte);
        of_signed += static_cast<signed char>(byte);  // some old programs sum up so
    }
    const auto written = static_cast<std::int64_t>(number_of(block.substr(place, length)));
    if (written != of_unsigned && written != of_signed) fail_at_header("the checksum is wrong");
}

static bool is_posix(std::string_view block) {
    return block.substr(257, 6) == std::string_view{"ustar\0", 6};
}

void TarReader::read_header(std::string_view block, TarEntry& entry) {
    entry = {};
    entry.name = text_of(block.substr(0, 100));
    entry.mode = static_cast<mode_t>(number_of(block.substr(100, 8)) & 07777);
    entry.uid = number_within<uid_t>(number_of(block.substr(108, 8)));
    entry.gid = number_within<gid_t>(number_of(block.substr(116, 8)));
    entry.size = number_of(block.substr(124, 12));
    entry.modified.tv_sec = number_within<time_t>(number_of(block.substr(136, 12)));
    entry.type = static_cast<TarType>(block[156]);
    entry.link = text_of(block.substr(157, 100));
    const bool is_device =
        entry.type == TarType::character_device || entry.type == TarType::block_device;
    if (is_device) {
        entry.device_major = number_within<unsigned>(number_of(block.substr(329, 8)));
        entry.device_minor = number_within<unsigned>(number_of(block.substr(337, 8)));
    }
    if (is_posix(block) && block[345] != '\0') {
        entry.name = std::string{text_of(block.substr(345, 155))} + "/" + entry.name;
    }
}

// --- what stands before an entry ----------------------------------------------------------------

std::string TarReader::take_text() {
    if (data_left_ > kExtensionBytesMax) fail_at_header("an extension is too long");
    std::string text = take_all(static_cast<std::size_t>(data_left_));
    if (text.size() != data_left_) throw Failure{"archive/tar: unexpected EOF"};
    data_left_ = 0;
    skip_data();
    return text;
}

// "30 mtime=1350244992.023960108\n": the length of all of it, the key, the value.
void TarReader::take_pax(Extensions& extensions) {
    const std::string all = take_text();
    std::string_view rest = all;
    while (!rest.empty()) {
        std::size_t length = 0;
        const auto [digits_end, error] = std::from_chars(rest.begin(), rest.end(), length);
        const auto space = static_cast<std::size_t>(digits_end - rest.begin());
        const bool good = error == std::errc{} && length <= rest.size() && length > space + 2 &&
                          rest[space] == ' ' && rest[length - 1] == '\n';
        if (!good) fail_at_header("a bad extension");
        const std::string_view record = rest.substr(space + 1, length - space - 2);
        rest.remove_prefix(length);
        const auto equals = record.find('=');
        if (equals == std::string_view::npos) fail_at_header("a bad extension");
        const std::string_view key = record.substr(0, equals);
        const std::string value{record.substr(equals + 1)};
        if (key.starts_with("GNU.sparse.")) throw Failure{"archive/tar: sparse files are not read"};
        if (key == "path") extensions.name = value;
        if (key == "linkpath") extensions.link = value;
        if (key == "size") extensions.size = value;
        if (key == "uid") extensions.uid = value;
        if (key == "gid") extensions.gid = value;
        if (key == "mtime") extensions.modified = value;
        if (key == "SCHILY.xattr.security.capability") extensions.capability = value;
    }
}

template <class Number>
static void set_decimal(Number& number, std::string_view text) {
    if (text.empty()) return;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
    if (error != std::errc{} || end != text.end()) fail_at_header("not a number");
}

static void set_time(timespec& time, std::string_view text) {
    if (text.empty()) return;
    const auto point = std::min(text.find('.'), text.size());
    set_decimal(time.tv_sec, text.substr(0, point));
    std::string fraction{text.substr(std::min(point + 1, text.size()))};
    fraction.resize(9, '0');
    set_decimal(time.tv_nsec, fraction);
}

static TarType known_type(char type, std::string_view name) {
    switch (type) {
        case '\0':  // before POSIX a directory was a file whose name ends so
        case '7':
        case '0': return name.ends_with('/') ? TarType::directory : TarType::file;
        case '1':
        case '2':
        case '3':
        case '4':
        case '5':
        case '6': return static_cast<TarType>(type);
        case 'S': throw Failure{"archive/tar: sparse files are not read"};
        default: throw Failure{"archive/tar: unhandled tar header type " + printable({&type, 1})};
    }
}

bool TarReader::next(TarEntry& entry) {
    Extensions extensions;
    while (true) {
        skip_data();
        const std::string block = take_all(kBlockBytes);
        if (block.empty() || block.find_first_not_of('\0') == std::string::npos) return false;
        if (block.size() < kBlockBytes) throw Failure{"archive/tar: unexpected EOF"};
        check_sum(block);
        read_header(block, entry);
        data_left_ = entry.size;
        padding_ = (kBlockBytes - entry.size % kBlockBytes) % kBlockBytes;
        const char type = static_cast<char>(entry.type);
        if (type == 'L') {
            extensions.name = std::string{text_of(take_text())};
        } else if (type == 'K') {
            extensions.link = std::string{text_of(take_text())};
        } else if (type == 'x') {
            take_pax(extensions);
        } else if (type != 'g') {
            break;
        }
    }
    if (!extensions.name.empty()) entry.name = extensions.name;
    if (!extensions.link.empty()) entry.link = extensions.link;
    entry.capability = extensions.capability;
    set_decimal(entry.size, extensions.size);
    set_decimal(entry.uid, extensions.uid);
    set_decimal(entry.gid, extensions.gid);
    set_time(entry.modified, extensions.modified);
    entry.type = known_type(static_cast<char>(entry.type), entry.name);
    if (entry.type != TarType::file) entry.size = 0;
    data_left_ = entry.size;
    padding_ = (kBlockBytes - entry.size % kBlockBytes) % kBlockBytes;
    return true;
}

std::string TarReader::finish() {
    while (!take(kBufferBytes).empty()) continue;
    return sum_.finish();
}
