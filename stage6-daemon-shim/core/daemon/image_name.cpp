#include "stage6-daemon-shim/core/daemon/image_name.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::size_t kRepositoryBytesMax = 255;
static constexpr std::size_t kTagBytesMax = 128;
static constexpr std::string_view kLowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
static constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool has_only(std::string_view text, std::string_view first, std::string_view second) {
    return std::ranges::all_of(text, [&](char letter) {
        return first.find(letter) != std::string_view::npos ||
               second.find(letter) != std::string_view::npos;
    });
}

// Lower-case letters and digits, in between `.`, `_`, `__` or any number of `-`.
static bool is_component(std::string_view text) {
    const auto ends_well = [](char letter) {
        return kLowerDigits.find(letter) != std::string_view::npos;
    };
    if (text.empty() || !ends_well(text.front()) || !ends_well(text.back())) return false;
    if (!has_only(text, kLowerDigits, "._-")) return false;
    for (const std::string_view doubled : {"..", "._", "_.", ".-", "-.", "_-", "-_", "___"}) {
        if (text.find(doubled) != std::string_view::npos) return false;
    }
    return true;
}

// A first component that is a registry's: "localhost", "a.example", "a:5000".
static bool is_registry(std::string_view text) {
    if (text == "localhost") return true;
    const bool looks_so = text.find_first_of(".:") != std::string_view::npos;
    const auto colon = std::min(text.find(':'), text.size());
    const std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(std::min(colon + 1, text.size()));
    return looks_so && !host.empty() && has_only(host, kLowerDigits, std::string{kUpper} + ".-") &&
           has_only(port, "0123456789", "");
}

static void check_repository(const std::string& repository) {
    if (repository.size() > kRepositoryBytesMax) {
        throw HttpError{400, "repository name must not be more than 255 characters"};
    }
    std::string_view rest = repository;
    for (bool first = true; !rest.empty() || first; first = false) {
        const auto slash = std::min(rest.find('/'), rest.size());
        const std::string_view part = rest.substr(0, slash);
        rest.remove_prefix(std::min(slash + 1, rest.size()));
        if (first && !rest.empty() && is_registry(part)) continue;
        if (is_component(part)) continue;
        if (part.find_first_of(kUpper) != std::string_view::npos) {
            throw HttpError{400, "invalid reference format: repository name (" + repository +
                                     ") must be lowercase"};
        }
        throw HttpError{400, "invalid reference format"};
    }
    if (repository.ends_with('/')) throw HttpError{400, "invalid reference format"};
}

static void check_tag(std::string_view tag) {
    const std::string letters = std::string{kLowerDigits} + std::string{kUpper} + "_";
    const bool good = !tag.empty() && tag.size() <= kTagBytesMax && tag[0] != '.' &&
                      tag[0] != '-' && has_only(tag, letters, ".-");
    if (!good) throw HttpError{400, "invalid reference format"};
}

static std::string short_repository(std::string repository) {
    for (const std::string_view prefix : {"docker.io/", "index.docker.io/"}) {
        if (!repository.starts_with(prefix)) continue;
        repository.erase(0, prefix.size());
        if (repository.starts_with("library/") && repository.find('/', 8) == std::string::npos) {
            repository.erase(0, 8);
        }
    }
    return repository;
}

ImageName parse_image_name(const std::string& text) {
    const auto colon = text.rfind(':');
    const bool has_tag = colon != std::string::npos && text.find('/', colon) == std::string::npos;
    ImageName name;
    name.repository = short_repository(text.substr(0, has_tag ? colon : text.size()));
    name.tag = has_tag ? text.substr(colon + 1) : "latest";
    check_repository(name.repository);
    check_tag(name.tag);
    return name;
}

ImageName parse_image_name(const std::string& repository, const std::string& tag) {
    ImageName name = parse_image_name(repository);
    if (tag.empty()) return name;
    check_tag(tag);
    name.tag = tag;
    return name;
}

bool may_be_image_id(std::string_view text) {
    if (text.starts_with("sha256:")) text.remove_prefix(7);
    return !text.empty() && text.size() <= 64 && has_only(text, "0123456789abcdef", "");
}
