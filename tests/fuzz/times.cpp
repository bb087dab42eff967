// Times: a moment of the engine's is written and read the same; what the client makes of a word the
// daemon understands; whatever a record says, a time is one that there is.
#include "common/error.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "tests/fuzz/fuzz.hpp"

static void check_moment(std::string_view text) {
    std::string moment;
    try {
        moment = parse_moment(text, "--since");
    } catch (const UsageError&) {
        return;
    }
    try {
        parse_unix_time(moment, "since");
    } catch (const HttpError& error) {
        hold(false, "what the client sends the daemon takes: " + moment);
    }
}

void check_input(std::string_view input) {
    const WallTime read = parse_time(input);
    hold(read >= 0, "no time is before 1970");
    hold(parse_time(time_text(read)) == read, "a time is kept");
    try {
        parse_unix_time(input, "since");
    } catch (const HttpError& error) {
        hold(error.status() == 400, "a bad time is 400");
    }
    check_moment(input);
    Choices choices{input};
    const WallTime any = static_cast<WallTime>(choices.number(8) >> 2);
    const std::string text = time_text(any);
    hold(parse_time(text) == any, "every moment can be written: " + text);
}
