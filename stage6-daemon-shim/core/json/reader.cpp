#include "stage6-daemon-shim/core/json/reader.hpp"

JsonReader::JsonReader(const Json& object, std::string path)
    : object_{&object}, path_{std::move(path)} {
    if (object.is_object() || object.is_null()) return;
    throw JsonError{path_.empty() ? "expected an object"
                                  : "field " + path_ + ": expected an object"};
}

std::string JsonReader::path_of(std::string_view name) const {
    return path_.empty() ? std::string{name} : path_ + "." + std::string{name};
}

void JsonReader::fail(std::string_view name, std::string_view what) const {
    throw JsonError{"field " + path_of(name) + ": " + std::string{what}};
}

const Json* JsonReader::find(std::string_view name) const {
    const Json* const value = object_->find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

std::string JsonReader::string_of(const Json& value, std::string_view name) const {
    if (!value.is_string()) fail(name, "expected a string");
    if (value.as_string().find('\0') != std::string::npos) {
        throw JsonError{"NUL byte in " + path_of(name)};
    }
    return value.as_string();
}

const Json::Array& JsonReader::array_of(const Json& value, std::string_view name) const {
    if (!value.is_array()) fail(name, "expected an array");
    return value.as_array();
}

std::string JsonReader::get_string(std::string_view name, std::string_view fallback) const {
    const Json* const value = find(name);
    return value == nullptr ? std::string{fallback} : string_of(*value, name);
}

std::int64_t JsonReader::get_integer(std::string_view name, std::int64_t fallback) const {
    const Json* const value = find(name);
    if (value == nullptr) return fallback;
    if (value->kind() == Json::Kind::integer) return value->as_integer();
    const bool number = value->kind() == Json::Kind::number;
    fail(name, number ? "expected a whole number of 64 bits" : "expected a number");
}

double JsonReader::get_number(std::string_view name, double fallback) const {
    const Json* const value = find(name);
    if (value == nullptr) return fallback;
    if (value->kind() != Json::Kind::integer && value->kind() != Json::Kind::number) {
        fail(name, "expected a number");
    }
    return value->as_number();
}

bool JsonReader::get_bool(std::string_view name, bool fallback) const {
    const Json* const value = find(name);
    if (value == nullptr) return fallback;
    if (value->kind() != Json::Kind::boolean) fail(name, "expected true or false");
    return value->as_bool();
}

std::vector<std::string> JsonReader::get_strings(std::string_view name) const {
    std::vector<std::string> strings;
    const Json* const value = find(name);
    if (value == nullptr) return strings;
    for (const Json& element : array_of(*value, name)) {
        const std::string index = "[" + std::to_string(strings.size()) + "]";
        strings.push_back(string_of(element, std::string{name} + index));
    }
    return strings;
}

std::vector<std::string> JsonReader::get_words(std::string_view name) const {
    const Json* const value = find(name);
    if (value != nullptr && value->is_string()) return {string_of(*value, name)};
    return get_strings(name);
}

std::vector<std::pair<std::string, std::string>> JsonReader::get_string_map(
    std::string_view name) const {
    std::vector<std::pair<std::string, std::string>> map;
    const JsonReader object = get_object(name);
    if (object.object_->is_null()) return map;
    for (const JsonMember& member : object.object_->as_object()) {
        if (member.name.find('\0') != std::string::npos) {
            throw JsonError{"NUL byte in " + path_of(name)};
        }
        map.emplace_back(member.name, object.string_of(member.value, member.name));
    }
    return map;
}

JsonReader JsonReader::get_object(std::string_view name) const {
    static const Json nothing;
    const Json* const value = find(name);
    return JsonReader{value == nullptr ? nothing : *value, path_of(name)};
}

std::vector<JsonReader> JsonReader::get_objects(std::string_view name) const {
    std::vector<JsonReader> objects;
    const Json* const value = find(name);
    if (value == nullptr) return objects;
    for (const Json& element : array_of(*value, name)) {
        const std::string index = "[" + std::to_string(objects.size()) + "]";
        objects.emplace_back(element, path_of(name) + index);
    }
    return objects;
}
