// Where the book points to: pages, headings, pictures.
#include <algorithm>
#include <filesystem>

#include "common/file.hpp"
#include "tests/book/book.hpp"

static bool is_elsewhere(const std::string& target) {
    return target.find("://") != std::string::npos || target.starts_with("mailto:");
}

// "book/figures/a.svg" for "figures/a.svg" on a page of book/; "" for what is above the tree.
static std::string resolved(const Page& page, const std::string& target) {
    const std::filesystem::path from = std::filesystem::path{page.path}.parent_path();
    const std::string path = (from / target).lexically_normal().string();
    return path.starts_with("..") ? "" : path;
}

static bool has_anchor(const Book& book, const std::string& path, const std::string& anchor) {
    const auto page = std::ranges::find(book.pages, path, &Page::path);
    return page != book.pages.end() &&
           std::ranges::find(page->anchors, anchor) != page->anchors.end();
}

std::vector<Fault> check_links(const Book& book, const Page& page) {
    std::vector<Fault> faults;
    for (const PageLink& link : page.links) {
        if (is_elsewhere(link.target)) continue;
        const std::size_t hash = std::min(link.target.find('#'), link.target.size());
        const std::string file = link.target.substr(0, hash);
        const std::string path = file.empty() ? page.path : resolved(page, file);
        if (path.empty() || !file_exists(book.directory + "/" + path)) {
            faults.push_back({page.path, link.line, "dead link: " + link.target});
        } else if (hash < link.target.size() &&
                   !has_anchor(book, path, link.target.substr(hash + 1))) {
            faults.push_back({page.path, link.line, "no such heading: " + link.target});
        }
    }
    return faults;
}

std::vector<Fault> check_pictures(const Book& book, const Page& page) {
    std::vector<Fault> faults;
    for (const PageLink& link : page.links) {
        if (!link.is_picture) continue;
        const std::string path = resolved(page, link.target);
        if (!path.ends_with(".svg")) {
            faults.push_back({page.path, link.line, "not a drawing (.svg): " + link.target});
        } else if (file_exists(book.directory + "/" + path)) {  // else a dead link
            const auto found = check_drawing({path, read_file(book.directory + "/" + path)});
            faults.insert(faults.end(), found.begin(), found.end());
        }
    }
    return faults;
}

std::vector<Fault> check_unused_pictures(const Book& book) {
    std::vector<Fault> faults;
    const std::string folder = "book/figures";
    if (!file_exists(book.directory + "/" + folder)) return faults;
    for (const auto& entry : std::filesystem::directory_iterator{book.directory + "/" + folder}) {
        const std::string path = folder + "/" + entry.path().filename().string();
        const bool is_shown = std::ranges::any_of(book.pages, [&](const Page& page) {
            return std::ranges::any_of(page.links, [&](const PageLink& link) {
                return link.is_picture && resolved(page, link.target) == path;
            });
        });
        if (!is_shown) faults.push_back({path, 1, "no page shows this picture"});
    }
    return faults;
}
