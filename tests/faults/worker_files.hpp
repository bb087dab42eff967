// Small things that the workers need of the system.
#pragma once

#include <sys/types.h>

#include <string>

#include "common/fd.hpp"

// A file without a name.
class ScratchFile {
public:
    ScratchFile(const std::string& directory, unsigned number);

    int fd() const { return file_.get(); }
    void fill(const std::string& text) const;  // and back to its beginning
    std::string text() const;

private:
    Fd file_;
};

bool is_zombie(pid_t pid);
