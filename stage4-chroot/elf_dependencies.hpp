// Which shared libraries a program needs, read from its own headers. The article asks ldd(1),
// which starts the program that it inspects. elf(5), ld.so(8).
#pragma once

#include <string>
#include <vector>

// The absolute paths of the loader and of every library that `program` needs, and that those need,
// each once. Empty for a static program and for a file that is no ELF (a script). Throws Failure
// naming the library that is nowhere, or what is wrong with a damaged file; SystemError when a
// file cannot be read.
std::vector<std::string> elf_dependencies(const std::string& program);

// The interpreter that a script's first line names ("#!/bin/sh"), or empty.
std::string script_interpreter(const std::string& program);

// The directories that a file in the form of /etc/ld.so.conf names, and the files that it includes:
// those that ldconfig(8) puts into the loader's cache. Empty when the file is not there.
std::vector<std::string> configured_library_directories(const std::string& path);
