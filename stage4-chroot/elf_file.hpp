// One ELF file's dynamic section: 32 and 64 bit, bounds-checked, since anybody can write one.
// elf(5).
#pragma once

#include <string>
#include <vector>

struct ElfFile {
    bool is_64_bit = false;
    unsigned machine = 0;             // e_machine: a library must be for the same one
    std::string interpreter;          // PT_INTERP: the loader; empty for a library
    std::vector<std::string> needed;  // DT_NEEDED: names, or paths with a slash
    std::string rpath, runpath;       // DT_RPATH, DT_RUNPATH: directories, colon-separated
};

// False when the file is not ELF at all. Throws Failure for an ELF file that is damaged or of
// another byte order, SystemError when it cannot be read.
bool read_elf(const std::string& path, ElfFile& elf);
