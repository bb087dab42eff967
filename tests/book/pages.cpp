// The checks of the book, on this very tree. CHAPTER in the environment leaves out all others.
#include <cstdlib>

#include "common/file.hpp"
#include "tests/book/book.hpp"
#include "tests/book/shell.hpp"
#include "tests/support/testing.hpp"

static const Book& the_book() {
    static const Book book = read_book(source_directory());
    return book;
}

static std::string chosen_chapter() {
    const char* chapter = std::getenv("CHAPTER");
    return chapter == nullptr ? "" : chapter;
}

static std::vector<Page> pages_of(const std::string& chapter) {
    std::vector<Page> pages;
    for (const Page& page : the_book().pages) {
        if (chapter.empty() || chapter_of(page.path) == chapter) pages.push_back(page);
    }
    return pages;
}

static void check_none(const std::vector<Fault>& faults) {
    INFO(describe(faults));
    CHECK(faults.empty());
}

static void check_each(const std::function<std::vector<Fault>(const Page&)>& rule) {
    std::vector<Fault> faults;
    for (const Page& page : pages_of(chosen_chapter())) {
        for (const Fault& fault : rule(page)) faults.push_back(fault);
    }
    check_none(faults);
}

TEST_CASE("what the book quotes is what the sources say", "[book][page]") {
    check_each([](const Page& page) { return check_quotes(the_book(), page); });
}

TEST_CASE("the book's links lead somewhere", "[book][page]") {
    check_each([](const Page& page) { return check_links(the_book(), page); });
}

TEST_CASE("the book's pictures are there and look like each other", "[book][page]") {
    check_each([](const Page& page) { return check_pictures(the_book(), page); });
    if (chosen_chapter().empty()) check_none(check_unused_pictures(the_book()));
}

TEST_CASE("the book never counts lines", "[book][page]") {
    check_each(check_line_numbers);
}

TEST_CASE("each chapter quotes or names every definition of its folder", "[book][page]") {
    check_each([](const Page& page) { return check_coverage(the_book(), page); });
}

TEST_CASE("the book's transcripts are well formed", "[book][page]") {
    check_each(check_consoles);
}

// Its transcripts take so long that they have a case of their own.
static const std::string kLongPage = "book/06c-killing.md";

static void run_chapter(const std::string& chapter, const TranscriptChoice& choice,
                        bool of_long_page = false) {
    const bool is_every = chapter.empty() || chosen_chapter().empty();
    if (!is_every && chapter != chosen_chapter()) return;
    TranscriptReport all;
    for (const Page& page : pages_of(chapter.empty() ? chosen_chapter() : chapter)) {
        if ((page.path == kLongPage) != of_long_page) continue;
        const TranscriptReport report = run_transcripts(page, choice);
        all.faults.insert(all.faults.end(), report.faults.begin(), report.faults.end());
        all.not_run.insert(all.not_run.end(), report.not_run.begin(), report.not_run.end());
    }
    check_none(all.faults);
    if (!all.faults.empty() || all.not_run.empty()) return;
    std::string reasons =
        "the other blocks pass; " + std::to_string(all.not_run.size()) + " not run:";
    for (const std::string& reason : all.not_run) reasons += " " + reason + ";";
    reasons.pop_back();
    skip(reasons);
}

static void run_as_user(const std::string& chapter) {
    run_chapter(chapter, {.sections_of_root = false, .layout = ""});
}

static void run_as_root(const std::string& chapter) {
    run_chapter(chapter, {.sections_of_root = true, .layout = ""});
}

static void run_on(const std::string& layout) {
    run_chapter("", {.sections_of_root = false, .layout = layout});
}

TEST_CASE("chapter 0 shows what a user sees", "[book][page][slow]") {
    run_as_user("00");
}

TEST_CASE("chapter 1 shows what a user sees", "[book][page][slow]") {
    run_as_user("01");
}

TEST_CASE("chapter 2 shows what a user sees", "[book][page][slow]") {
    run_as_user("02");
}

TEST_CASE("the chapter on common shows what a user sees", "[book][page][slow]") {
    run_as_user("common");
}

TEST_CASE("chapter 3 shows what a user sees", "[book][page][slow]") {
    run_as_user("03");
}

TEST_CASE("chapter 4 shows what a user sees", "[book][page][slow]") {
    run_as_user("04");
}

TEST_CASE("chapter 5 shows what a user sees", "[book][page][slow]") {
    run_as_user("05");
}

TEST_CASE("chapter 6 shows what a user sees", "[book][page][slow]") {
    run_as_user("06");
}

TEST_CASE("chapter 6c shows what a user sees", "[book][page][slow]") {
    run_chapter("06", {.sections_of_root = false, .layout = ""}, true);
}

TEST_CASE("the other pages show what a user sees", "[book][page][slow]") {
    run_as_user("book");
}

TEST_CASE("chapters 0 to 2 show what root sees", "[book][page][slow][root]") {
    for (const char* chapter : {"README", "book", "00", "01", "02", "common"}) run_as_root(chapter);
}

TEST_CASE("chapter 3 shows what root sees", "[book][page][slow][root]") {
    run_as_root("03");
}

TEST_CASE("chapter 4 shows what root sees", "[book][page][slow][root]") {
    run_as_root("04");
}

TEST_CASE("chapter 5 shows what root sees", "[book][page][slow][root]") {
    run_as_root("05");
}

TEST_CASE("chapter 6 shows what root sees", "[book][page][slow][root]") {
    run_as_root("06");
}

TEST_CASE("the book shows what one sees with cgroup v1", "[book][page][slow][root][v1]") {
    run_on("v1");
}

TEST_CASE("the book shows what one sees with cgroup v2", "[book][page][slow][root][v2]") {
    run_on("v2");
}

TEST_CASE("the book shows what one sees with both versions of cgroups",
          "[book][page][slow][root][hybrid]") {
    run_on("hybrid");
}
