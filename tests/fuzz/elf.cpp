// ELF files: any file is none, damaged, or one whose names all stand in it, each ended by a zero
// and no longer than it may be.
#include <limits.h>

#include "common/error.hpp"
#include "stage4-chroot/elf_file.hpp"
#include "tests/fuzz/fuzz.hpp"

static void check_name(std::string_view file, const std::string& name, std::size_t bytes_max) {
    hold(name.size() <= bytes_max, "a name has its limit");
    hold(name.find('\0') == std::string::npos, "a name ends at a zero");
    hold(file.find(name) != std::string_view::npos, "a name stands in the file");
}

void check_input(std::string_view input) {
    static MemoryFile file;
    file.fill(input);
    ElfFile elf;
    try {
        const bool is_elf = read_elf(file.path(), elf);
        hold(is_elf == input.starts_with("\x7f"
                                         "ELF"),
             "four bytes tell what is ELF");
    } catch (const SystemError&) {
        hold(false, "a file in memory can be read");
    } catch (const Failure& error) {
        hold(std::string{error.what()}.find(": a damaged ELF file: ") != std::string::npos,
             "a damaged file is said to be one");
        return;
    }
    hold(elf.needed.size() <= 512, "the number of libraries is limited");
    check_name(input, elf.interpreter, PATH_MAX);
    for (const auto& name : elf.needed) check_name(input, name, 16 << 10);
    check_name(input, elf.rpath, 16 << 10);
    check_name(input, elf.runpath, 16 << 10);
}
