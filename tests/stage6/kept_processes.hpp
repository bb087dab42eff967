// The suites of article 5 ask the same of a container that is a plain process and of one that is
// isolated; and what they are about are processes on the host.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/stage6/engine_scene.hpp"

// "none": a plain process, the article's. "default": a PID namespace and the rest of it.
inline const std::vector<std::string> kIsolations = {"none", "default"};

// For EngineScene::create.
std::function<void(Json&)> with_isolation(const std::string& isolation);

// Those that live and have this text in their command line. Zombies have none.
std::vector<pid_t> processes_with(std::string_view text);

// "S", "T" and so on: field 3 of /proc/PID/stat; empty when there is no such process.
std::string state_of_process(pid_t pid);
