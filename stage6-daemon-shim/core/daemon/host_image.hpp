// The images that there are: `host`, the root that stage 4 makes from this machine's own programs.
#pragma once

#include <string>

#include "stage6-daemon-shim/core/json/json.hpp"

class HostImage {
public:
    // Below ROOT/images. Nothing is made until it is needed.
    explicit HostImage(std::string images_directory);

    // True for the names that mean it: host, host:latest, its id or the front of it.
    bool is_called(const std::string& name) const;

    // Makes the root if it is not there (whole, or not at all: it gets its name when it is done)
    // and returns its directory.
    std::string make();

    bool exists() const;
    static std::string id();  // "sha256:..."

    // An element of GET /images/json, and GET /images/host/json.
    Json summary() const;

private:
    std::string directory_;
};
