// Heads of HTTP messages: however the bytes were cut, the same head or the same refusal; what is
// accepted and written again reads the same; never a length and a coding at once.
#include "stage6-daemon-shim/core/wire/http.hpp"

#include <algorithm>

#include "tests/fuzz/fuzz.hpp"

struct Scanned {
    std::size_t length = 0;
    int refused = 0;
    bool operator==(const Scanned&) const = default;
};

static Scanned scan(const std::vector<std::string_view>& pieces) {
    HeadScanner scanner;
    std::string arrived;
    try {
        for (const auto piece : pieces) {
            arrived += piece;
            const std::size_t length = scanner.scan(arrived);
            hold(length <= arrived.size(), "a head ends within what has arrived");
            if (length != 0) return {length, 0};
        }
    } catch (const HttpError& error) {
        return {0, error.status()};
    }
    return {};
}

template <class Head>
static void check_framing(const Head& head) {
    hold(head.headers.size() <= kHeadersMax, "the number of headers is limited");
    const bool has_length = !head.header("Content-Length").empty();
    const bool has_coding = !head.header("Transfer-Encoding").empty();
    hold(!(has_length && has_coding), "no head has a length and a coding");
    hold(head.content_length == 0 || has_length, "a length comes from its header");
    hold(head.framing != Framing::chunked || has_coding, "chunked comes from its header");
}

static std::string written(const RequestHead& head) {
    std::string text{head.method};
    text.append(" ")
        .append(head.target)
        .append(" HTTP/1.")
        .append(std::to_string(head.minor_version));
    text += "\r\n";
    for (const Header& header : head.headers) append_header(text, header.name, header.value);
    return text + "\r\n";
}

static void check_request(std::string_view text) {
    RequestHead head, again;
    try {
        parse_request_head(text, head);
    } catch (const HttpError& error) {
        return hold(error.status() >= 400 && error.status() <= 505, "a status that refuses");
    }
    check_framing(head);
    const bool has_host = std::ranges::any_of(head.headers, [](const Header& header) {
        return equal_ignoring_case(header.name, "Host");
    });
    hold(has_host || head.minor_version == 0, "1.1 has a Host");
    const std::string copy = written(head);
    HeadScanner scanner;
    hold(scanner.scan(copy) == copy.size(), "an accepted head is whole when it is written again");
    parse_request_head(copy, again);
    hold(again.method == head.method && again.target == head.target, "the same request line");
    hold(again.framing == head.framing && again.content_length == head.content_length &&
             again.keep_alive == head.keep_alive && again.expects_continue == head.expects_continue,
         "the same framing");
    hold(written(again) == copy, "the same headers");
}

static void check_response(std::string_view text, std::string_view method) {
    try {
        ResponseHead head;
        parse_response_head(text, method, head);
        check_framing(head);
        hold(head.status >= 100 && head.status <= 999, "a status has three digits");
        hold(method != "HEAD" || head.framing == Framing::none, "HEAD has no body");
    } catch (const HttpError& error) {
        hold(error.status() == 502, "a bad response is 502");
    }
}

void check_input(std::string_view input) {
    const std::size_t cut = drawn_from(input, 512);
    const auto all = cuttings(input, cut);
    const Scanned whole = scan(all[0]);
    for (const auto& pieces : all) hold(scan(pieces) == whole, "cuts change nothing");
    if (whole.length == 0) return;
    check_request(input.substr(0, whole.length));
    check_response(input.substr(0, whole.length), cut % 2 == 0 ? "GET" : "HEAD");
}
