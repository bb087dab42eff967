// Reading the members of an object that came from outside, with errors that name the field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stage6-daemon-shim/core/json/json.hpp"

// A view of an object and the way to it ("HostConfig"). It must not outlive the value. A member
// that is missing or null reads as its fallback, as Docker's own reader has it. Of a wrong type it
// throws JsonError, "field HostConfig.Memory: expected a number"; a string with a NUL byte, which
// no system call could take whole, is refused as "NUL byte in Cmd[0]".
class JsonReader {
public:
    // Throws JsonError unless the value is an object or null.
    explicit JsonReader(const Json& object, std::string path = {});

    // Whether the member is there and not null.
    bool has(std::string_view name) const { return find(name) != nullptr; }

    std::string get_string(std::string_view name, std::string_view fallback = {}) const;
    std::int64_t get_integer(std::string_view name, std::int64_t fallback = 0) const;
    double get_number(std::string_view name, double fallback = 0) const;
    bool get_bool(std::string_view name, bool fallback = false) const;
    std::vector<std::string> get_strings(std::string_view name) const;

    // An array of strings, or one string that stands for an array of one (Cmd, Entrypoint).
    std::vector<std::string> get_words(std::string_view name) const;

    // An object whose members are all strings (Labels), in its order.
    std::vector<std::pair<std::string, std::string>> get_string_map(std::string_view name) const;

    // An object, empty where it is missing; an array of objects.
    JsonReader get_object(std::string_view name) const;
    std::vector<JsonReader> get_objects(std::string_view name) const;

    // The member itself; nullptr where it is missing or null.
    const Json* find(std::string_view name) const;

    // For checks of the caller's own: throws JsonError "field PATH.NAME: WHAT".
    [[noreturn]] void fail(std::string_view name, std::string_view what) const;

private:
    std::string path_of(std::string_view name) const;
    std::string string_of(const Json& value, std::string_view name) const;
    const Json::Array& array_of(const Json& value, std::string_view name) const;

    const Json* object_;
    std::string path_;
};
