// What images are called: "repository:tag", as Docker's clients write it and people read it.
#pragma once

#include <string>
#include <string_view>

struct ImageName {
    std::string repository;  // short: "a", not "docker.io/library/a"
    std::string tag;

    std::string text() const { return repository + ":" + tag; }
};

// "a", "a:b", "docker.io/library/a:b", "host.example:5000/x/y:z"; without a tag it is `latest`.
// Throws HttpError 400 with Docker's words for what cannot be a name.
ImageName parse_image_name(const std::string& text);

// A repository and a tag that came apart from each other; the repository may hold the tag.
ImageName parse_image_name(const std::string& repository, const std::string& tag);

// "sha256:" and digits, or the first few of these: may be an id.
bool may_be_image_id(std::string_view text);
