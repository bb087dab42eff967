// Each check of the book finds what breaks it, with file and line, on a small tree made here.
#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/book/book.hpp"
#include "tests/support/testing.hpp"

static const std::string kChapter = "book/03-namespaces.md";
static const std::string kSource =
    "// Adds.\nint add(int a,\n        int b) {\n    const int sum = a + b;\n    return sum;\n}\n\n"
    "static constexpr int kMax = 3;\n\nclass Box {\n    int get() const { return kMax; }\n};\n";
static const std::string kPicture =
    "<svg viewBox=\"0 0 1 1\"><title>t</title><desc>d</desc><style>@media (prefers-color-scheme: "
    "dark) {}</style></svg>\n";

// A project of one source file, one picture and one chapter.
static Book book_with(const std::string& chapter, const std::string& source = kSource) {
    const std::string directory = temporary_directory();
    for (const char* folder : {"/book/figures", "/stage3-namespaces"}) {
        make_directories(directory + folder);
    }
    write_file(directory + "/stage3-namespaces/add.cpp", source);
    write_file(directory + "/book/figures/a.svg", kPicture);
    write_file(directory + "/README.md", "# Top\n\n## A `b`, c\n\n## A b c\n");
    write_file(directory + "/" + kChapter, chapter);
    return read_book(directory);
}

static const Page& chapter_in(const Book& book) {
    for (const Page& page : book.pages) {
        if (page.path == kChapter) return page;
    }
    throw Failure{"no chapter"};
}

static std::string quote_faults(const std::string& chapter) {
    const Book book = book_with(chapter);
    return describe(check_quotes(book, chapter_in(book)));
}

static std::string fenced(const std::string& words, const std::string& lines) {
    return "# Three\n\n```" + words + "\n" + lines + "```\n";
}

static const std::string kAdd = "cpp stage3-namespaces/add.cpp add";
static const std::string kRun = "cpp stage3-namespaces/add.cpp";

TEST_CASE("a quote by name is the whole definition, or what is left of it around gaps", "[book]") {
    CHECK(quote_faults(fenced(kAdd,
                              "int add(int a,\n        int b) {\n    const int sum = a + b;\n"
                              "    return sum;\n}\n"))
              .empty());
    CHECK(quote_faults(fenced(kAdd, "int add(int a,\n        int b) {\n    // ...\n}\n")).empty());
    CHECK(quote_faults(fenced(kRun + " Box::get", "int get() const { return kMax; }\n")).empty());
    CHECK(quote_faults(fenced(kRun + " kMax", "static constexpr int kMax = 3;\n")).empty());
}

TEST_CASE("a stale quote is found, with the first line that is wrong", "[book]") {
    CHECK(quote_faults(fenced(kAdd, "int add(int a,\n        int b) {\n    return a + b;\n}\n")) ==
          kChapter +
              ":6: stale quote of add in stage3-namespaces/add.cpp, from here on:     return "
              "a + b;\n");
    CHECK(quote_faults(fenced(kAdd, "int add(int a,\n    // ...\n    return a;\n}\n"))
              .starts_with(kChapter + ":6: stale quote"));
    CHECK(quote_faults(fenced(kAdd, "int add(int a,\n")).starts_with(kChapter + ":5: stale quote"));
    CHECK(quote_faults(fenced(kRun, "return total;\n")).starts_with(kChapter + ":4: stale quote"));
}

TEST_CASE("a run of lines is found wherever it is indented to", "[book]") {
    CHECK(quote_faults(fenced(kRun, "const int sum = a + b;\nreturn sum;\n")).empty());
    CHECK(quote_faults(fenced(kRun, "    return sum;\n}\n\nstatic constexpr int kMax = 3;\n"))
              .empty());
    CHECK_FALSE(quote_faults(fenced(kRun, "const int sum = a + b;\n}\n")).empty());
    CHECK(quote_faults(fenced("cpp", "anything();\n")).empty());
}

TEST_CASE("a quote of what is not there is found", "[book]") {
    CHECK(quote_faults(fenced(kRun + " sub", "int x;\n")) ==
          kChapter + ":3: stage3-namespaces/add.cpp defines no sub\n");
    CHECK(quote_faults(fenced("cpp stage3-namespaces/sub.cpp", "int x;\n")) ==
          kChapter + ":3: no such file: stage3-namespaces/sub.cpp\n");
}

TEST_CASE("a stale quote by name is filled again, one with gaps is left alone", "[book]") {
    const std::string tail = "\nText.\n";
    const std::string gap = fenced(kAdd, "int add(\n// ...\n}\n");
    const Book book = book_with(fenced(kAdd, "int add() {\n}\n") + tail + gap);
    const std::string text = refilled(book, chapter_in(book));
    CHECK(text == fenced(kAdd,
                         "int add(int a,\n        int b) {\n    const int sum = a + b;\n    "
                         "return sum;\n}\n") +
                      tail + gap);
    write_file(book.directory + "/" + kChapter, text);
    const Book again = read_book(book.directory);
    CHECK(refilled(again, chapter_in(again)) == text);
    CHECK(check_quotes(again, chapter_in(again)).size() == 1);
}

TEST_CASE("a dead link is found", "[book]") {
    const Book book = book_with(
        "# T\n[a](../README.md#a-b-c-1) [b](#t) [c](https://x.y/z) ![p](figures/a.svg)\n"
        "`[code](nowhere.md)`\n[d](nowhere.md)\n[e](../README.md#no)\n[f](../../x)\n");
    CHECK(describe(check_links(book, chapter_in(book))) ==
          kChapter + ":4: dead link: nowhere.md\n" + kChapter +
              ":5: no such heading: ../README.md#no\n" + kChapter + ":6: dead link: ../../x\n");
}

TEST_CASE("code and links are found across lines", "[book]") {
    const Page page = page_of({"a.md", "a `b\nc` `d` [e\nf](g.md)\n\nh ` i\n\n# `j`\n`k`\n"});
    std::string code;
    for (const Span& span : page.code) code += std::to_string(span.line) + ":" + span.text + " ";
    CHECK(code == "1:b\nc 2:d 7:j 8:k ");
    REQUIRE(page.links.size() == 1);
    CHECK(page.links[0].line == 3);
    CHECK(page.links[0].target == "g.md");
}

TEST_CASE("a picture that is missing, of another kind or not shown is found", "[book]") {
    const Book book = book_with("# T\n\n![p](figures/b.svg)\n![q](figures/c.png)\n");
    const Page& page = chapter_in(book);
    CHECK(describe(check_links(book, page)).starts_with(kChapter + ":3: dead link: figures/b.svg"));
    CHECK(describe(check_pictures(book, page)) ==
          kChapter + ":4: not a drawing (.svg): figures/c.png\n");
    CHECK(describe(check_unused_pictures(book)) ==
          "book/figures/a.svg:1: no page shows this picture\n");
}

TEST_CASE("a picture that is too long, has no title or a script is found", "[book]") {
    const Book book = book_with("![p](figures/a.svg)\n");
    const Page& page = chapter_in(book);
    const std::string path = book.directory + "/book/figures/a.svg";
    CHECK(check_pictures(book, page).empty());
    write_file(path, kPicture + std::string(90, '\n'));
    CHECK(describe(check_pictures(book, page)) ==
          "book/figures/a.svg:91: picture of 91 lines (90 allowed)\n");
    write_file(path,
               "<svg viewBox=\"0 0 1 1\"><desc>prefers-color-scheme: dark</desc>\n<script/></svg>");
    CHECK(describe(check_pictures(book, page)) ==
          "book/figures/a.svg:1: a picture needs <title\n"
          "book/figures/a.svg:2: a picture has no <script\n");
}

TEST_CASE("a drawing that no browser would show is found", "[book]") {
    const auto faults_of = [](const std::string& inside) {
        return describe(check_drawing({"a.svg",
                                       "<svg viewBox=\"0 0 1 1\">\n<title>t</title><desc>d</desc>\n"
                                       "<!-- prefers-color-scheme: dark, a < b -->" +
                                           inside + "</svg>\n"}));
    };
    CHECK(faults_of("<g><path d=\"a>b\"/><text x=\"1\">a &lt; b &#38; c</text></g>").empty());
    CHECK(faults_of("\n<g><text>a</g>") == "a.svg:4: </g> closes <text>\n");
    CHECK(faults_of("\n<g>") == "a.svg:4: </svg> closes <g>\n");
    CHECK(faults_of("\n\n<text>a & b</text>") == "a.svg:5: & is written &amp;\n");
    CHECK(faults_of("</svg>") == "a.svg:3: </svg> closes nothing\n");
}

TEST_CASE("a reference to a line by its number is found", "[book]") {
    const Book book = book_with(
        "see line 42\nlines 3 to 5 of it\n`fd.hpp:12`\nten lines\n```console\n$ x\nline 1\n```\n");
    const auto faults = check_line_numbers(chapter_in(book));
    REQUIRE(faults.size() == 3);
    CHECK(describe({faults[2]}) == kChapter + ":3: refers to a line by its number: .hpp:12\n");
}

TEST_CASE("a definition that its chapter is silent about is found", "[book]") {
    const auto faults_of = [](const std::string& chapter) {
        const Book book = book_with(chapter);
        return describe(check_coverage(book, chapter_in(book)));
    };
    const std::string file = "stage3-namespaces/add.cpp:";
    const std::string silent = ": " + kChapter + " neither quotes nor names ";
    CHECK(faults_of("add, kMax\n") == file + "2" + silent + "add\n" + file + "8" + silent +
                                          "kMax\n" + file + "10" + silent + "Box\n");
    CHECK(faults_of("`add(a, b)`, `kMax`, `x::Box`\n").empty());
    CHECK(faults_of(fenced(kRun, "int add(int a,\n") + "`Box` `kMax`\n").empty());
    CHECK(
        faults_of(fenced(kRun + " Box", "class Box {\n    int get() const { return kMax; }\n};\n") +
                  "`add`\n")
            .empty());
    CHECK_FALSE(faults_of("`adder` `Box` `kMax`\n").empty());
}

TEST_CASE("chapters know their exercises and their stage's folder", "[book]") {
    CHECK(chapter_of("book/03-namespaces.md") == "03");
    CHECK(chapter_of("book/exercises/3.1.md") == "03");
    CHECK(chapter_of("stage3-namespaces/README.md") == "03");
    CHECK(chapter_of("book/common.md") == "common");
    CHECK(chapter_of("README.md") == "README");
    CHECK(chapter_of("book/README.md") == "book");
}
