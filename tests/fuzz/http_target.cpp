// Paths and queries: any text that is encoded decodes to itself; what is accepted has no NUL; only
// HttpError 400 refuses.
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/core/wire/target.hpp"
#include "tests/fuzz/fuzz.hpp"

static std::string encoded(std::string_view text) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string result;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (std::string_view{"%&=+?# "}.find(letter) == std::string_view::npos && byte < 0x80) {
            result += letter;
        } else {
            result.append("%").append({kDigits[byte >> 4], kDigits[byte & 15]});
        }
    }
    return result;
}

static void check_round_trip(std::string_view name, std::string_view value) {
    const Query query{encoded(name) + "=" + encoded(value) + "&other=1"};
    hold(query.all().size() == 2 && query.get(name) == value, "what was encoded is decoded");
    hold(query.get("other") == (name == "other" ? value : "1"), "the first of a name counts");
}

static void check_query(std::string_view text) {
    const Query query{text};
    for (const auto& [name, value] : query.all()) {
        hold(name.find('\0') == name.npos || text.find('\0') != text.npos, "no NUL is smuggled in");
        const bool flag = query.flag(name);
        hold(!(flag && query.get(name) == "0"), "0 is false");
        try {
            const long number = query.get_number(name, 0);
            hold(query.get(name).empty() || query.get(name).find_first_of("0123456789") == 0 ||
                     number <= 0,
                 "a number is written in digits");
        } catch (const HttpError& error) {
            hold(error.status() == 400, "400");
        }
    }
}

void check_input(std::string_view input) {
    Choices choices{input};
    const std::string_view name = choices.until('\n');
    const bool has_nul = name.find('\0') != name.npos || input.find('\0') != input.npos;
    if (!has_nul) check_round_trip(name, input);
    try {
        const Target target = split_target(input);
        hold(target.path == "*" || target.path.starts_with('/'), "a path begins with a slash");
        hold(target.path.find('?') == std::string_view::npos, "a path has no query");
        percent_decoded(target.path);
        check_query(target.query);
    } catch (const HttpError& error) {
        hold(error.status() == 400, "a bad target is 400");
    }
}
