// What a worker can do.
#pragma once

#include <string>
#include <vector>

// Does the job that the first word names with the others, and returns its result. Throws Failure
// and SystemError.
std::string do_job(const std::vector<std::string>& job);
