// One program of the host's for a root: found, and copied with all that it needs to run.
#pragma once

#include <optional>
#include <string>

// The path of a program: what `name` says if it has a slash, else the first along $PATH and the
// sbin directories, which a user's PATH often lacks (Debian keeps ip there). Empty when there is
// none.
std::optional<std::string> find_program(const std::string& name);

// Copies one file of the host to the same place in `root` (an O_PATH or directory descriptor). Its
// directory is taken as the host really has it (/lib may be a link to /usr/lib), its own name as it
// was asked for. What is there already stays, and no link that lies in the root leads the copy out
// of it. Throws SystemError, Failure.
void copy_to_same_place(int root, const std::string& path);

// The same for the program at `path` (with a slash in it), with the libraries and the loader that
// its ELF headers name, or the interpreter of a script and what that needs. Where `path` is a link,
// the root gets the link and the program. Throws SystemError;
// Failure for what is no regular file, and for a library that is nowhere.
void copy_program(int root, const std::string& path);
