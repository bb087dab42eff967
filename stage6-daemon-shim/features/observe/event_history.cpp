#include "stage6-daemon-shim/features/observe/event_history.hpp"

#include <algorithm>

#include "stage6-daemon-shim/core/daemon/filters.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

static constexpr std::size_t kReplayed = 256;
static constexpr std::size_t kKept = 4096;  // about 2 MB, however slow a listener is

static const std::string* find_attribute(const Attributes& attributes, std::string_view name) {
    const auto found = std::ranges::find(attributes, name, &Attributes::value_type::first);
    return found == attributes.end() ? nullptr : &found->second;
}

std::string PastEvent::line() const {
    Json json = Json::object();
    if (type == "container" || type == "image") {  // as older clients read it
        json["status"] = action;
        json["id"] = id;
        const std::string* image = find_attribute(attributes, "image");
        if (image != nullptr) json["from"] = *image;
    }
    Json all = Json::object();
    for (const auto& [name, value] : attributes) all[name] = value;
    json["Type"] = type;
    json["Action"] = action;
    json["Actor"] = Json::object({{"ID", id}, {"Attributes", std::move(all)}});
    json["scope"] = "local";
    json["time"] = time / kWallSecond;
    json["timeNano"] = time;
    return json.text() + "\n";
}

// A container's events carry its labels; what the event itself says counts before these.
static Attributes attributes_of(const Announcement& announcement) {
    Attributes all = announcement.attributes;
    const auto add = [&](const std::string& name, const std::string& value) {
        if (find_attribute(all, name) == nullptr) all.emplace_back(name, value);
    };
    if (const Container* container = announcement.container) {
        add("image", JsonReader{container->config}.get_object("Config").get_string("Image"));
        add("name", container->name);
        for (const auto& [name, value] : labels_of(*container)) add(name, value);
    }
    return all;
}

void EventHistory::add(const Announcement& announcement) {
    add({0, std::string{announcement.type}, announcement.action, announcement.id,
         attributes_of(announcement)});
}

void EventHistory::add(PastEvent event) {
    event.time = wall_time_now();
    std::ranges::sort(event.attributes);
    events_.push_back(std::move(event));
    if (events_.size() > kKept) {
        events_.pop_front();
        ++forgotten_;
    }
    changed.notify_all();
}

std::uint64_t EventHistory::first() const {
    return next() - std::min(events_.size(), kReplayed);
}

const PastEvent* EventHistory::find(std::uint64_t number) const {
    if (number < forgotten_ || number >= next()) return nullptr;
    return &events_[number - forgotten_];
}
