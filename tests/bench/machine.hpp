// On what it was measured.
#pragma once

#include <string>

// Lines of Markdown: processor, kernel, cgroup layout, who we are, date, load.
std::string describe_machine();
