#include "stage6-daemon-shim/core/daemon/image_healthcheck.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr std::int64_t kDurationMin = 1'000'000;  // 1 ms

struct Flag {
    std::string_view name, field, in_words;
};
static constexpr Flag kDurations[] = {
    {"--interval", "Interval", "Interval \"interval\""},
    {"--timeout", "Timeout", "Interval \"timeout\""},
    {"--start-period", "StartPeriod", "Interval \"start-period\""},
    {"--start-interval", "StartInterval", "Interval \"start-interval\""},
};

// Takes a word off the text, and the blanks behind it.
static std::string_view take_word(std::string_view& text) {
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return word;
}

static std::int64_t parse_retries(const std::string& value) {
    std::int64_t number = 0;
    const char* const last = value.data() + value.size();
    const auto [end, error] = std::from_chars(value.data(), last, number);
    if (error != std::errc{} || end != last || value.empty()) {
        throw HttpError{400, "strconv.ParseInt: parsing \"" + value + "\": invalid syntax"};
    }
    if (number < 0) throw HttpError{400, "--retries cannot be negative (" + value + ")"};
    return number;
}

static void take_flag(Json& check, std::string_view word) {
    const auto equals = std::min(word.find('='), word.size());
    const std::string_view name = word.substr(0, equals);
    const std::string value = printable(word.substr(std::min(equals + 1, word.size())));
    if (name == "--retries") {
        check["Retries"] = parse_retries(value);
        return;
    }
    const auto* const flag = std::ranges::find(kDurations, name, &Flag::name);
    if (flag == std::end(kDurations)) {
        throw HttpError{400, "unknown flag: " + printable(name.substr(2))};
    }
    const auto duration = parse_nanoseconds(value);
    if (!duration) throw HttpError{400, "time: invalid duration \"" + value + "\""};
    if (*duration != 0 && *duration < kDurationMin) {
        throw HttpError{400, std::string{flag->in_words} + " cannot be less than 1ms"};
    }
    if (*duration != 0) check[flag->field] = *duration;
}

// A list in JSON is the command; anything else is for a shell.
static Json test_of(std::string_view command) {
    if (command.empty()) throw HttpError{400, "Missing command after HEALTHCHECK CMD"};
    if (command.starts_with('[')) {
        try {
            Json test = Json::array({"CMD"});
            const Json words = parse_json(command);
            for (const Json& word : words.as_array()) test.push_back(word.as_string());
            return test;
        } catch (const JsonError&) {
            // Then it is for a shell, as Docker has it.
        }
    }
    return Json::array({"CMD-SHELL", command});
}

Json parse_healthcheck(std::string_view text) {
    Json check = Json::object();
    while (text.starts_with("--")) take_flag(check, take_word(text));
    std::string type{take_word(text)};
    std::ranges::transform(type, type.begin(),
                           [](unsigned char letter) { return std::toupper(letter); });
    if (type == "NONE") {
        if (!text.empty()) throw HttpError{400, "HEALTHCHECK NONE takes no arguments"};
        return Json::object({{"Test", Json::array({"NONE"})}});
    }
    if (type != "CMD") {
        throw HttpError{400, "Unknown type \"" + printable(type) + "\" in HEALTHCHECK (try CMD)"};
    }
    check["Test"] = test_of(text);
    return check;
}
