// slipway-book [DIRECTORY]: fills the stale quotes of the book again, and says what it cannot fill.
#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "tests/book/book.hpp"

static constexpr Program kProgram{
    "slipway-book", "[DIRECTORY]",
    "Fills each named quote of the book from the sources below DIRECTORY (default: here). What has "
    "lines left out is not touched but reported when it is stale. Exit code 1: something is."};

int main(int argc, char** argv) try {
    const auto words = parse_options(kProgram, {}, arguments_of(argc, argv));
    if (words.size() > 1) throw UsageError{"one directory at most"};
    const std::string directory = words.empty() ? "." : words[0];
    const Book book = read_book(directory);
    std::vector<Fault> faults;
    for (const Page& page : book.pages) {
        const std::string text = refilled(book, page);
        if (text != page.text) {
            write_file(directory + "/" + page.path, text);
            print(page.path + ": filled again\n");
        }
        for (const Fault& fault : check_quotes(book, page_of({page.path, text}))) {
            faults.push_back(fault);
        }
    }
    print(describe(faults));
    return faults.empty() ? 0 : 1;
} catch (const UsageError& error) {
    return report_failure("slipway-book", error, 2);
} catch (const std::exception& error) {
    return report_failure("slipway-book", error, 1);
}
