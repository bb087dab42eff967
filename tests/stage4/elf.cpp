// What a program needs, read from its own headers; also from those of hostile files.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/file.hpp"
#include "stage4-chroot/elf_dependencies.hpp"
#include "stage4-chroot/elf_file.hpp"
#include "tests/stage3/container.hpp"
#include "tests/stage4/elf_image.hpp"

static std::string in_file(const std::string& image) {
    const std::string path = temporary_directory() + "/image";
    write_file(path, image);
    return path;
}

// What is wrong with the file, in the reader's words; empty if nothing.
static std::string complaint(const std::string& image) {
    try {
        ElfFile elf;
        read_elf(in_file(image), elf);
        return "";
    } catch (const Failure& error) {
        return error.what();
    }
}

static std::string dependency_complaint(const std::string& path) {
    try {
        elf_dependencies(path);
        return "";
    } catch (const Failure& error) {
        return error.what();
    }
}

static bool says(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

static const ElfContent kContent{
    "/lib/loader.so", {"libone.so", "libtwo.so"}, "/r:$ORIGIN/r", "/run", EM_X86_64};

TEMPLATE_TEST_CASE("an ELF file's needs are read, in both classes", "[stage4]", Elf32, Elf64) {
    ElfFile elf;
    REQUIRE(read_elf(in_file(elf_parts<TestType>(kContent).image()), elf));
    CHECK(elf.is_64_bit == std::is_same_v<TestType, Elf64>);
    CHECK(elf.machine == EM_X86_64);
    CHECK(elf.interpreter == "/lib/loader.so");
    CHECK(elf.needed == Words{"libone.so", "libtwo.so"});
    CHECK(elf.rpath == "/r:$ORIGIN/r");
    CHECK(elf.runpath == "/run");
}

TEMPLATE_TEST_CASE("an ELF file that ends anywhere is refused and harms nobody", "[stage4]", Elf32,
                   Elf64) {
    const std::string image = elf_parts<TestType>(kContent).image();
    const std::string path = temporary_directory() + "/image";
    for (std::size_t size = 0; size < image.size(); ++size) {
        write_file(path, image.substr(0, size));
        ElfFile elf;
        if (size < SELFMAG) {
            CHECK_FALSE(read_elf(path, elf));
        } else {
            CHECK_THROWS_AS(read_elf(path, elf), Failure);
        }
    }
}

TEMPLATE_TEST_CASE("an ELF file in which any byte is wrong harms nobody", "[stage4]", Elf32,
                   Elf64) {
    const std::string image = elf_parts<TestType>(kContent).image();
    const std::string path = temporary_directory() + "/image";
    for (std::size_t at = 0; at < image.size(); ++at) {
        for (const char wrong : {'\xff', '\x7f', '\x80', '\0'}) {
            std::string damaged = image;
            damaged[at] = wrong;
            write_file(path, damaged);
            try {
                ElfFile elf;
                read_elf(path, elf);
                CHECK(elf.needed.size() <= 3);
            } catch (const Failure&) {  // refused: as good
            }
        }
    }
}

TEST_CASE("offsets and sizes that lead outside are told", "[stage4]") {
    const auto with = [](const auto& damage) {
        auto parts = elf_parts<Elf64>(kContent);
        damage(parts);
        return complaint(parts.image());
    };
    CHECK(with([](auto&) {}) == "");
    CHECK(says(with([](auto& p) { p.header.e_phoff = 1u << 30; }), "ends too early"));
    CHECK(says(with([](auto& p) { p.header.e_phoff = ~0ull; }), "too large"));
    CHECK(says(with([](auto& p) { p.header.e_phentsize = 1; }), "odd size"));
    CHECK(says(with([](auto& p) { p.header.e_phnum = 0xffff; }), "ends too early"));
    CHECK(says(with([](auto& p) { p.header.e_ident[EI_DATA] = ELFDATA2MSB; }), "byte order"));
    CHECK(says(with([](auto& p) { p.header.e_ident[EI_CLASS] = 3; }), "class"));
    CHECK(says(with([](auto& p) { p.segments[2].p_filesz = 1ull << 40; }), "too long"));
    CHECK(says(with([](auto& p) { p.segments[2].p_offset = ~0ull; }), "too large"));
    CHECK(says(with([](auto& p) { p.segments[1].p_filesz = ~0ull; }), "too large"));
    CHECK(says(with([](auto& p) {
                   p.segments[0].p_vaddr = 0;
                   p.segments[0].p_filesz = 10;
               }),
               "in no segment"));
    CHECK(says(with([](auto& p) { p.entries[0].d_un.d_val = ~0ull; }), "outside its table"));
    CHECK(says(with([](auto& p) { p.entries[0].d_un.d_val = p.strings.size(); }), "outside"));
    CHECK(says(with([](auto& p) { p.strings.pop_back(); }), "ends too early"));
    CHECK(says(with([](auto& p) { p.segments[2].p_filesz = PATH_MAX + 1; }), "loader is too long"));
}

TEST_CASE("of names and needs an ELF file may have many, and not more", "[stage4]") {
    const auto about = [](std::size_t needs, std::size_t length) {
        return complaint(
            elf_parts<Elf64>({.needed = Words(needs, "a.so"), .rpath = std::string(length, '/')})
                .image());
    };
    CHECK(about(512, 16 * 1024) == "");
    CHECK(says(about(513, 1), "too many libraries"));
    CHECK(says(about(1, 16 * 1024 + 1), "too long"));
}

TEST_CASE("only the first of several dynamic segments counts", "[stage4]") {
    auto parts = elf_parts<Elf64>(kContent);
    auto second = parts.segments[1];
    second.p_filesz = ~0ull;  // would be an error
    second.p_offset += 2 * sizeof second;
    parts.segments[2] = second;
    ElfFile elf;
    REQUIRE(read_elf(in_file(parts.image()), elf));
    CHECK(elf.needed == Words{"libone.so", "libtwo.so"});
}

TEST_CASE("the loader's configuration is read with the files that it includes", "[stage4]") {
    const std::string place = temporary_directory();
    check(::mkdir((place + "/conf.d").c_str(), 0755), "mkdir");
    write_file(place + "/ld.so.conf",
               "# a comment\n/first  # and another\n\ninclude conf.d/*.conf\n"
               "include\t" +
                   place + "/more\nhwcap 0 nosegneg\n\t/last\n");
    write_file(place + "/conf.d/1.conf", "/one\n/two\n");
    write_file(place + "/conf.d/2.conf", "/three");
    write_file(place + "/conf.d/not", "/never\n");
    write_file(place + "/more", "/four\ninclude " + place + "/ld.so.conf\n");  // without an end
    const Words found = configured_library_directories(place + "/ld.so.conf");
    const Words expected{"/first", "/one", "/two", "/three", "/four"};
    REQUIRE(found.size() > expected.size());
    CHECK(Words(found.begin(), found.begin() + 5) == expected);
    CHECK(found.back() == "/last");
    CHECK(configured_library_directories(place + "/none").empty());
}

TEST_CASE("musl's loader is musl's C library", "[stage4]") {
    const std::string path = temporary_directory() + "/program";
    for (const auto& [loader, is_found] :
         {std::pair{"/lib/ld-musl-x86_64.so.1", true}, {"/lib/ld-linux.so.9", false}}) {
        write_file(path,
                   elf_parts<Elf64>({.interpreter = loader, .needed = {"libc.none"}}).image());
        CHECK((dependency_complaint(path).empty()) == is_found);
    }
}

TEST_CASE("no ELF file, no needs: a script, an empty file, a static program", "[stage4]") {
    CHECK(elf_dependencies(in_file("")).empty());
    CHECK(elf_dependencies(in_file("#!/bin/sh\n")).empty());
    CHECK(elf_dependencies(in_file("\x7f"
                                   "ELX"))
              .empty());
    CHECK(elf_dependencies(probe()).empty());
    CHECK_THROWS_AS(elf_dependencies("/no/such/file"), SystemError);
}

TEST_CASE("a host program's loader and libraries are found", "[stage4]") {
    const auto paths = elf_dependencies("/bin/bash");
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(paths, [&](const auto& path) { return says(path, name); });
    };
    REQUIRE(paths.size() >= 3);
    CHECK(says(paths[0], "/ld-linux"));
    CHECK(has("/libc.so."));
    CHECK(has("/libtinfo.so."));
    for (const auto& path : paths) {
        CHECK(path.starts_with('/'));
        CHECK(file_exists(path));
        CHECK(std::ranges::count(paths, path) == 1);
    }
}

// A directory of libraries made for one case.
class Libraries {
public:
    std::string add(const std::string& name, const ElfContent& content) {
        const std::string path = directory_ + "/" + name;
        make_directories(path.substr(0, path.rfind('/')));
        write_file(path, elf_parts<Elf64>(content).image());
        return path;
    }

    std::string path(const std::string& name) const { return directory_ + "/" + name; }

private:
    std::string directory_ = temporary_directory();
};

TEST_CASE("libraries that need each other are each found once", "[stage4]") {
    Libraries all;
    const auto program = all.add("program", {.needed = {"a.so"}, .rpath = "$ORIGIN"});
    all.add("a.so", {.needed = {"b.so", "a.so"}});
    all.add("b.so", {.needed = {"a.so", "c.so"}});
    all.add("c.so", {.needed = {"b.so"}});
    CHECK(elf_dependencies(program) == Words{all.path("a.so"), all.path("b.so"), all.path("c.so")});
}

TEST_CASE("RPATH reaches down to libraries of libraries, RUNPATH does not", "[stage4]") {
    Libraries all;
    all.add("lib/a.so", {.needed = {"b.so"}});
    all.add("lib/b.so", {});
    const auto with_rpath = all.add("one", {.needed = {"a.so"}, .rpath = "/no:${ORIGIN}/lib"});
    CHECK(elf_dependencies(with_rpath).size() == 2);
    const auto with_runpath = all.add("two", {.needed = {"a.so"}, .runpath = "$ORIGIN/lib"});
    CHECK(says(dependency_complaint(with_runpath), "b.so"));
    // With a RUNPATH the RPATH of the same file counts no more.
    const auto with_both =
        all.add("three", {.needed = {"a.so"}, .rpath = "$ORIGIN/lib", .runpath = "/no"});
    CHECK(says(dependency_complaint(with_both), "a.so"));
}

TEST_CASE("a library that is nowhere is named, and who needs it", "[stage4]") {
    Libraries all;
    const auto program = all.add("program", {.needed = {"liba b.so"}});
    const auto text = dependency_complaint(program);
    CHECK(says(text, "liba b.so"));
    CHECK(says(text, program));
}

TEST_CASE("a library for another machine is passed over", "[stage4]") {
    Libraries all;
    all.add("first/a.so", {.machine = EM_AARCH64});
    write_file(all.path("first/b.so"), elf_parts<Elf32>({}).image());
    write_file(all.path("first/c.so"), "text");
    Words expected;
    for (const std::string name : {"a.so", "b.so", "c.so"}) {
        expected.push_back(all.add("second/" + name, {}));
    }
    const auto program = all.add(
        "program", {.needed = {"a.so", "b.so", "c.so"}, .runpath = "$ORIGIN/first:$ORIGIN/second"});
    CHECK(elf_dependencies(program) == expected);
}

TEST_CASE("a file that needs libraries without end is refused", "[stage4]") {
    Libraries all;
    constexpr int count = 600;
    for (int i = 0; i < count; ++i) {
        all.add(std::to_string(i) + ".so", {.needed = {std::to_string(i + 1) + ".so"}});
    }
    const auto program = all.add("program", {.needed = {"0.so"}, .rpath = "$ORIGIN"});
    CHECK(says(dependency_complaint(program), "too many libraries"));
}

TEST_CASE("a file that names directories without end is refused", "[stage4]") {
    Libraries all;
    std::string many;
    while (many.size() < 5000) many += "/x:";
    const auto program = all.add("program", {.needed = {"0.so"}, .rpath = many});
    CHECK(says(dependency_complaint(program), "too many directories"));
}

TEST_CASE("a script's interpreter is read from its first line", "[stage4]") {
    const auto of = [](const std::string& text) { return script_interpreter(in_file(text)); };
    CHECK(of("#!/bin/sh\n") == "/bin/sh");
    CHECK(of("#! \t/bin/sh -e\n") == "/bin/sh");
    CHECK(of("#!/bin/sh") == "/bin/sh");
    CHECK(of("#!/usr/bin/env python3\nx\n") == "/usr/bin/env");
    CHECK(of("#!\n/bin/sh\n") == "");
    CHECK(of("#!") == "");
    CHECK(of("#") == "");
    CHECK(of("") == "");
    CHECK(of(" #!/bin/sh\n") == "");
    CHECK(of("\x7f"
             "ELF") == "");
    CHECK(of("#!/" + std::string(1000, 'x')) == "/" + std::string(253, 'x'));
}

TEST_CASE("of a large program only the first line is read", "[stage4]") {
    const std::string path = temporary_directory() + "/large";
    write_file(path, "#!/bin/sh\n");
    check(::truncate(path.c_str(), 1ll << 40), "truncate", path);
    CHECK(script_interpreter(path) == "/bin/sh");
}
