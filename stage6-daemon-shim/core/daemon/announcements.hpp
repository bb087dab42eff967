// What happens to containers and images, told to whoever wants to know: `events`, a restart policy,
// a health check. The core tells; it does not know who listens.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stage6-daemon-shim/core/daemon/container.hpp"

using Attributes = std::vector<std::pair<std::string, std::string>>;

struct Announcement {
    std::string_view type;       // "container" or "image"
    std::string id;              // of either
    std::string action;          // "start", "die", "exec_create: sh -c x": Docker's words
    Attributes attributes;       // beside the name, the image and the labels
    const Container* container;  // nullptr for an image
};

class Announcements {
public:
    using Listener = std::function<void(const Announcement&)>;

    // Called for each announcement, in the order of these calls. It must not throw or wait.
    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

    void of_container(const Container& container, std::string action,
                      Attributes attributes = {}) const;
    void of_image(std::string id, std::string action, Attributes attributes = {}) const;

private:
    std::vector<Listener> listeners_;
};
