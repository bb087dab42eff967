// The directory in which the command starts: -w DIR.
#pragma once

#include <string>

// chdir(2), then a look at where that led: a directory outside the root is refused. Throws
// SystemError, or Failure for that.
void enter_working_directory(const std::string& path);
