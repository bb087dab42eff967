// Archives made by hand, and a daemon that imports them.
#pragma once

#include <string>
#include <string_view>

#include "tests/stage6/engine_scene.hpp"

struct TarItem {
    std::string name;
    char type = '0';
    std::string content{};  // or, of a pax header, its records
    std::string link{};
    unsigned mode = 0644;
    std::uint64_t size = 0;  // 0: the content's
    unsigned major = 0, minor = 0;
    unsigned uid = 0, gid = 0;
};

// One entry with its header, its data and what fills its last block.
std::string tar_entry(const TarItem& item);

// Two blocks of zeros, the end of an archive.
std::string tar_end();

// "22 path=a-long-name\n" with its length in front.
std::string pax_record(const std::string& key, const std::string& value);

// POST /images/create?fromSrc=-&QUERY.
Answer import(const EngineScene& scene, const std::string& tar, const std::string& query);

// An archive whose /probe is the probe program.
std::string probe_archive();

// Where the files of the image lie in the daemon's root.
std::string root_of_image(const EngineScene& scene, const std::string& name);
