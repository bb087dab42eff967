// Reasons as Docker and runc, which are Go programs, write them.
#pragma once

#include <string>

// "permission denied" for EACCES: in lower case. `docker run` makes its exit code from such words.
std::string reason_in_words_of_go(int error);
