// Saves a number, again and again, in one of three ways; what it has saved it says. The ways to
// find what a crash does to a program have to find it in this one:
//
//     writer naive FILE COUNT     over the old content, as most programs do
//     writer hasty FILE COUNT     in a new file, which then gets the name; and no fsync
//     writer careful FILE COUNT   as the engine does

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"

static constexpr long kCountMax = 1'000'000;

static void write_in_two(const Fd& file, const std::string& text, const std::string& path) {
    fail_point<"write the first half">();
    write_all(file.get(), text.substr(0, text.size() / 2), path);
    fail_point<"write the second half">();
    write_all(file.get(), text.substr(text.size() / 2), path);
}

static Fd open_empty(const std::string& path) {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    return Fd{check(::open(path.c_str(), flags, 0600), "open", path)};
}

static void save_naively(const std::string& path, const std::string& text) {
    fail_point<"open the file">();
    write_in_two(open_empty(path), text, path);
}

static void save_hastily(const std::string& path, const std::string& text) {
    fail_point<"open a new file">();
    write_in_two(open_empty(path + ".tmp"), text, path);
    fail_point<"give it the name">();
    check(::rename((path + ".tmp").c_str(), path.c_str()), "rename", path);
}

static void save_carefully(const std::string& path, const std::string& text) {
    const auto name = path.rfind('/') + 1;
    ContainerDir::open(path.substr(0, name)).write_whole(path.substr(name), text);
}

int main(int argc, char** argv) try {
    const auto words = arguments_of(argc, argv);
    if (words.size() != 3) throw UsageError{"naive, hasty or careful, a file and a count"};
    const long count = parse_number(words[2], "COUNT", 1, kCountMax);
    for (long number = 1; number <= count; ++number) {
        const std::string text = std::to_string(number) + " and that is all\n";
        if (words[0] == "naive") save_naively(words[1], text);
        if (words[0] == "hasty") save_hastily(words[1], text);
        if (words[0] == "careful") save_carefully(words[1], text);
        print(std::to_string(number) + "\n");
    }
    return 0;
} catch (const std::exception& error) {
    return report_failure("writer", error, 1);
}
