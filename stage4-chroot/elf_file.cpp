#include "stage4-chroot/elf_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "common/error.hpp"
#include "common/fd.hpp"

// What a hostile file may make us read, keep and look for. glibc's largest string table is some
// tens of KiB; the longest names in real files are the search paths of Nix, some KiB.
static constexpr std::size_t kTableBytesMax = 16u << 20;
static constexpr std::size_t kNameBytesMax = 16u << 10;
static constexpr std::size_t kNeededMax = 512;

// The two classes differ only in the sizes of their structures.
struct Elf32 {
    using Header = Elf32_Ehdr;
    using Segment = Elf32_Phdr;
    using Entry = Elf32_Dyn;
};
struct Elf64 {
    using Header = Elf64_Ehdr;
    using Segment = Elf64_Phdr;
    using Entry = Elf64_Dyn;
};

class ElfReader {
public:
    explicit ElfReader(const std::string& path)
        : path_{path}, file_{check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path)} {}

    std::string bytes(std::uint64_t offset, std::uint64_t size) const {
        const bool fits = size <= kTableBytesMax && offset <= INT64_MAX - size;
        if (!fits) damaged("a table is too large");
        std::string content(size, '\0');
        const auto count = check(
            ::pread(file_.get(), content.data(), size, static_cast<off_t>(offset)), "read", path_);
        if (static_cast<std::uint64_t>(count) != size) damaged("it ends too early");
        return content;
    }

    template <class T>
    std::vector<T> table(std::uint64_t offset, std::size_t count) const {
        const std::string content = bytes(offset, count * sizeof(T));
        std::vector<T> entries(count);
        if (count > 0) std::memcpy(entries.data(), content.data(), content.size());
        return entries;
    }

    [[noreturn]] void damaged(const std::string& what) const {
        throw Failure{"read " + printable(path_) + ": a damaged ELF file: " + what};
    }

    template <class Class>
    void read(ElfFile& elf) const;

    bool has_magic() const {
        char magic[SELFMAG] = {};
        return ::pread(file_.get(), magic, SELFMAG, 0) == SELFMAG &&
               std::memcmp(magic, ELFMAG, SELFMAG) == 0;
    }

private:
    std::string path_;
    Fd file_;
};

// The zero-terminated string at an offset of a string table.
static std::string string_at(const ElfReader& reader, const std::string& strings,
                             std::uint64_t offset) {
    if (offset >= strings.size()) reader.damaged("a name lies outside its table");
    const std::size_t length = ::strnlen(strings.c_str() + offset, kNameBytesMax + 1);
    if (length > kNameBytesMax) reader.damaged("a name is too long");
    return strings.substr(offset, length);
}

// The dynamic section speaks of addresses in memory; a segment tells where in the file they lie.
template <class Segment>
static std::uint64_t file_offset(const ElfReader& reader, const std::vector<Segment>& segments,
                                 std::uint64_t address) {
    for (const Segment& segment : segments) {
        const bool inside = segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
                            address - segment.p_vaddr < segment.p_filesz;
        if (inside) return address - segment.p_vaddr + segment.p_offset;
    }
    reader.damaged("an address is in no segment");
}

template <class Class, class Segments>
static void read_dynamic(const ElfReader& reader, const Segments& segments, std::uint64_t offset,
                         std::uint64_t size, ElfFile& elf) {
    using Entry = typename Class::Entry;
    const auto entries = reader.table<Entry>(offset, size / sizeof(Entry));
    std::uint64_t strings_address = 0;
    std::uint64_t strings_size = 0;
    for (const Entry& entry : entries) {
        if (entry.d_tag == DT_STRTAB) strings_address = entry.d_un.d_ptr;
        if (entry.d_tag == DT_STRSZ) strings_size = entry.d_un.d_val;
    }
    if (strings_size == 0) return;
    const std::string strings =
        reader.bytes(file_offset(reader, segments, strings_address), strings_size);
    for (const Entry& entry : entries) {
        if (entry.d_tag == DT_NULL) break;
        const std::uint64_t value = entry.d_un.d_val;
        if (entry.d_tag == DT_NEEDED) elf.needed.push_back(string_at(reader, strings, value));
        if (entry.d_tag == DT_RPATH) elf.rpath = string_at(reader, strings, value);
        if (entry.d_tag == DT_RUNPATH) elf.runpath = string_at(reader, strings, value);
        if (elf.needed.size() > kNeededMax) reader.damaged("it needs too many libraries");
    }
}

template <class Class>
void ElfReader::read(ElfFile& elf) const {
    using Segment = typename Class::Segment;
    const auto header = table<typename Class::Header>(0, 1)[0];
    elf.machine = header.e_machine;
    if (header.e_phnum > 0 && header.e_phentsize != sizeof(Segment)) {
        damaged("its segment headers have an odd size");
    }
    const auto segments = table<Segment>(header.e_phoff, header.e_phnum);
    const auto first = [&](auto type) {
        return std::find_if(segments.begin(), segments.end(),
                            [&](const Segment& segment) { return segment.p_type == type; });
    };
    // One of each: what else there is the kernel and the loader do not look at either.
    if (const auto name = first(unsigned{PT_INTERP}); name != segments.end()) {
        if (name->p_filesz > PATH_MAX) damaged("the name of its loader is too long");
        elf.interpreter = bytes(name->p_offset, name->p_filesz).c_str();
    }
    if (const auto dynamic = first(unsigned{PT_DYNAMIC}); dynamic != segments.end()) {
        read_dynamic<Class>(*this, segments, dynamic->p_offset, dynamic->p_filesz, elf);
    }
}

bool read_elf(const std::string& path, ElfFile& elf) {
    const ElfReader reader{path};
    if (!reader.has_magic()) return false;
    const std::string identity = reader.bytes(0, EI_NIDENT);
    constexpr char own_order =
        std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    if (identity[EI_DATA] != own_order) reader.damaged("it is for a machine of other byte order");
    if (identity[EI_CLASS] != ELFCLASS32 && identity[EI_CLASS] != ELFCLASS64) {
        reader.damaged("it is of no known class");
    }
    elf.is_64_bit = identity[EI_CLASS] == ELFCLASS64;
    if (elf.is_64_bit) {
        reader.read<Elf64>(elf);
    } else {
        reader.read<Elf32>(elf);
    }
    return true;
}
