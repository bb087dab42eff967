// Archives made by hand, and a daemon that imports them.
#pragma once

#include <string>
#include <string_view>

#include "tests/stage6/engine_scene.hpp"
#include "tests/support/tar.hpp"

// "22 path=a-long-name\n" with its length in front.
std::string pax_record(const std::string& key, const std::string& value);

// POST /images/create?fromSrc=-&QUERY.
Answer import(const EngineScene& scene, const std::string& tar, const std::string& query);

// An archive whose /probe is the probe program.
std::string probe_archive();

// Where the files of the image lie in the daemon's root.
std::string root_of_image(const EngineScene& scene, const std::string& name);
