// Makes small ELF files: whole ones, and such as a hostile person would make.
#pragma once

#include <elf.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

struct Elf64 {
    using Header = Elf64_Ehdr;
    using Segment = Elf64_Phdr;
    using Entry = Elf64_Dyn;
    static constexpr unsigned char kClass = ELFCLASS64;
};

struct Elf32 {
    using Header = Elf32_Ehdr;
    using Segment = Elf32_Phdr;
    using Entry = Elf32_Dyn;
    static constexpr unsigned char kClass = ELFCLASS32;
};

template <class T>
std::string bytes_of(const T& object) {
    return {reinterpret_cast<const char*>(&object), sizeof object};
}

// What an image says. The dynamic entries' values are offsets into `strings`.
struct ElfContent {
    std::string interpreter{};
    std::vector<std::string> needed{};
    std::string rpath{}, runpath{};
    unsigned machine = EM_X86_64;
};

// The parts of an image, open to damage before they are put together.
template <class Class>
struct ElfParts {
    typename Class::Header header{};
    std::vector<typename Class::Segment> segments{};
    std::vector<typename Class::Entry> entries{};
    std::string interpreter{}, strings{};

    std::string image() const {
        std::string all = bytes_of(header);
        for (const auto& segment : segments) all += bytes_of(segment);
        all += interpreter;
        for (const auto& entry : entries) all += bytes_of(entry);
        return all + strings;
    }
};

// The file is loaded as it lies: an address is an offset in the file, plus kLoadAddress.
constexpr unsigned kLoadAddress = 0x10000;

template <class Class>
void fill_header(ElfParts<Class>& parts, unsigned machine) {
    auto& header = parts.header;
    std::string{ELFMAG}.copy(reinterpret_cast<char*>(header.e_ident), SELFMAG);
    header.e_ident[EI_CLASS] = Class::kClass;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = static_cast<decltype(header.e_machine)>(machine);
    header.e_phoff = sizeof(parts.header);
    header.e_phentsize = sizeof(typename Class::Segment);
    header.e_phnum = static_cast<decltype(header.e_phnum)>(parts.segments.size());
}

template <class Class>
ElfParts<Class> elf_parts(const ElfContent& content) {
    ElfParts<Class> parts;
    const auto add = [&](auto tag, std::uint64_t value) {
        typename Class::Entry entry{};
        entry.d_tag = static_cast<decltype(entry.d_tag)>(tag);
        entry.d_un.d_val = static_cast<decltype(entry.d_un.d_val)>(value);
        parts.entries.push_back(entry);
    };
    const auto add_string = [&](auto tag, const std::string& text) {
        add(tag, parts.strings.size());
        parts.strings += text + '\0';
    };
    parts.strings = std::string(1, '\0');
    for (const auto& name : content.needed) add_string(DT_NEEDED, name);
    if (!content.rpath.empty()) add_string(DT_RPATH, content.rpath);
    if (!content.runpath.empty()) add_string(DT_RUNPATH, content.runpath);
    if (!content.interpreter.empty()) parts.interpreter = content.interpreter + '\0';

    const std::size_t segment_count = parts.interpreter.empty() ? 2 : 3;
    const std::size_t interpreter_at =
        sizeof(parts.header) + segment_count * sizeof(typename Class::Segment);
    const std::size_t entries_at = interpreter_at + parts.interpreter.size();
    const std::size_t entries_size = (parts.entries.size() + 3) * sizeof(typename Class::Entry);
    add(DT_STRTAB, kLoadAddress + entries_at + entries_size);
    add(DT_STRSZ, parts.strings.size());
    add(DT_NULL, 0);

    const auto add_segment = [&](unsigned type, std::size_t at, std::size_t size) {
        typename Class::Segment segment{};
        segment.p_type = type;
        segment.p_offset = static_cast<decltype(segment.p_offset)>(at);
        segment.p_vaddr = static_cast<decltype(segment.p_vaddr)>(at + kLoadAddress);
        segment.p_filesz = segment.p_memsz = static_cast<decltype(segment.p_filesz)>(size);
        parts.segments.push_back(segment);
    };
    add_segment(PT_LOAD, 0, entries_at + entries_size + parts.strings.size());
    add_segment(PT_DYNAMIC, entries_at, entries_size);
    if (segment_count == 3) add_segment(PT_INTERP, interpreter_at, parts.interpreter.size());
    fill_header(parts, content.machine);
    return parts;
}
