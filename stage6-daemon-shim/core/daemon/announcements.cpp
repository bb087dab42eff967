#include "stage6-daemon-shim/core/daemon/announcements.hpp"

void Announcements::of_container(const Container& container, std::string action,
                                 Attributes attributes) const {
    const Announcement told{"container", container.id, std::move(action), std::move(attributes),
                            &container};
    for (const Listener& listener : listeners_) listener(told);
}

void Announcements::of_image(std::string id, std::string action, Attributes attributes) const {
    const Announcement told{"image", std::move(id), std::move(action), std::move(attributes),
                            nullptr};
    for (const Listener& listener : listeners_) listener(told);
}
