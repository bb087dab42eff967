#include "stage6-daemon-shim/core/wire/http.hpp"

#include "stage6-daemon-shim/core/wire/body.hpp"
#include "stage6-daemon-shim/core/wire/target.hpp"
#include "tests/support/testing.hpp"

// Feeds the bytes in pieces of that size, as a connection would. Returns 0 for a head that was
// accepted, -1 for one that is not whole yet, else the status of the refusal.
static int status_of(std::string_view bytes, std::size_t piece, RequestHead& head) {
    HeadScanner scanner;
    try {
        for (std::size_t size = piece;; size += piece) {
            const std::string_view arrived = bytes.substr(0, size);
            const std::size_t length = scanner.scan(arrived);
            if (length > 0) {
                parse_request_head(arrived.substr(0, length), head);
                return 0;
            }
            if (size >= bytes.size()) return -1;
        }
    } catch (const HttpError& error) {
        return error.status();
    }
}

static int status_of(std::string_view bytes) {
    RequestHead head;
    const int status = status_of(bytes, bytes.size() + 1, head);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
        INFO("in pieces of " << piece);
        CHECK(status_of(bytes, piece, head) == status);
    }
    return status;
}

static int status_of_headers(const std::string& headers) {
    return status_of("POST /x HTTP/1.1\r\nHost: d\r\n" + headers + "\r\n");
}

TEST_CASE("a request head is read, however it is cut", "[stage6][http]") {
    const std::string text =
        "POST /v1.44/x?a=1 HTTP/1.1\r\nHost: api.moby.localhost\r\nContent-length:\t5 \r\n"
        "Connection: keep-alive, Upgrade\r\nUpgrade: tcp\r\nExpect: 100-Continue\r\n\r\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        RequestHead head;
        REQUIRE(status_of(text + "early", piece, head) == 0);
        REQUIRE(head.method == "POST");
        REQUIRE(head.target == "/v1.44/x?a=1");
        REQUIRE(head.minor_version == 1);
        REQUIRE(head.header("HOST") == "api.moby.localhost");
        REQUIRE(head.framing == Framing::length);
        REQUIRE(head.content_length == 5);
        REQUIRE(head.header_has_word("connection", "upgrade"));
        REQUIRE_FALSE(head.header_has_word("connection", "keep"));
        REQUIRE(head.expects_continue);
        REQUIRE(head.keep_alive);
        const RequestHead moved = std::move(head);
        REQUIRE(moved.header("Upgrade") == "tcp");
    }
}

TEST_CASE("versions of HTTP: 1.0 and 1.1 are served, others refused", "[stage6][http]") {
    CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 0);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: d\r\n\r\n") == 0);
    CHECK(status_of("GET / HTTP/9.9\r\nHost: d\r\n\r\n") == 505);
    CHECK(status_of("PRI * HTTP/2.0\r\n\r\n") == 505);
    CHECK(status_of("GET / http/1.1\r\nHost: d\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.10\r\nHost: d\r\n\r\n") == 400);
    CHECK(status_of("GET /\r\n\r\n") == 400);
    CHECK(status_of("\x16\x03\x01\x02") == 400);
    RequestHead head;
    status_of("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 99, head);
    CHECK_FALSE(head.keep_alive);
    status_of("GET / HTTP/1.1\r\nHost: d\r\nConnection: foo, Close\r\n\r\n", 99, head);
    CHECK_FALSE(head.keep_alive);
}

TEST_CASE("heads that two readers could take in two ways are refused", "[stage6][http]") {
    using std::string_literals::operator""s;
    CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\nHost: d\n\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: d\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: d\rX: y\r\n\r\n") == 400);
    CHECK(status_of("\r\nGET / HTTP/1.1\r\nHost: d\r\n\r\n") == 400);
    CHECK(status_of("GET /a b HTTP/1.1\r\nHost: d\r\n\r\n") == 400);
    CHECK(status_of("GET  / HTTP/1.1\r\nHost: d\r\n\r\n") == 400);
    CHECK(status_of("G(T / HTTP/1.1\r\nHost: d\r\n\r\n") == 400);
    CHECK(status_of("GET /\xff HTTP/1.1\r\nHost: d\r\n\r\n") == 400);
    CHECK(status_of("GET /a\0b HTTP/1.1\r\nHost: d\r\n\r\n"s) == 400);
    CHECK(status_of_headers("X: a\0b\r\n"s) == 400);
    CHECK(status_of_headers("Host : x\r\n") == 400);
    CHECK(status_of_headers("X : y\r\n") == 400);
    CHECK(status_of_headers("X: y\r\n folded\r\n") == 400);
    CHECK(status_of_headers("X: y\r\n\tfolded\r\n") == 400);
    CHECK(status_of_headers("no colon\r\n") == 400);
    CHECK(status_of_headers(": empty name\r\n") == 400);
    CHECK(status_of_headers("X:\x7f\r\n") == 400);
    CHECK(status_of_headers("X: \xc3\xa9\r\n") == 0);
    CHECK(status_of_headers("X:\r\n") == 0);
}

TEST_CASE("the length of a body must be said once and clearly", "[stage6][http]") {
    for (const char* wrong : {"-1", "+2", "", "1 2", "0x10", "1,1", "12345678901234567890", "a"}) {
        CHECK(status_of_headers("Content-Length: " + std::string{wrong} + "\r\n") == 400);
    }
    CHECK(status_of_headers("Content-Length: 0\r\n") == 0);
    CHECK(status_of_headers("Content-Length: 123456789012345678\r\n") == 0);
    CHECK(status_of_headers("Content-Length: 5\r\nContent-Length: 6\r\n") == 400);
    CHECK(status_of_headers("Content-Length: 5\r\nContent-Length: 5\r\n") == 400);
    CHECK(status_of_headers("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") == 400);
    CHECK(status_of_headers("Transfer-Encoding: Chunked\r\n") == 0);
    CHECK(status_of_headers("Transfer-Encoding: gzip, chunked\r\n") == 501);
    CHECK(status_of_headers("Transfer-Encoding: identity\r\n") == 501);
    CHECK(status_of_headers("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") == 400);
    CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
    CHECK(status_of_headers("Expect: bogus\r\n") == 417);
}

TEST_CASE("heads have limits: 8 KiB of target, 100 headers, 32 KiB", "[stage6][http]") {
    const auto target = [](std::size_t bytes) {
        return status_of("GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: d\r\n\r\n");
    };
    CHECK(target(8 * 1024) == 0);
    CHECK(target(8 * 1024 + 1) == 414);
    CHECK(target(40 * 1024) == 414);
    std::string headers;
    for (int i = 0; i < 99; ++i) headers += "X: y\r\n";
    CHECK(status_of_headers(headers) == 0);
    CHECK(status_of_headers(headers + "X: y\r\n") == 431);
    const std::string begin = "GET / HTTP/1.1\r\nHost: d\r\nX: ";
    const std::size_t room = 32 * 1024 - begin.size() - 4;
    CHECK(status_of(begin + std::string(room, 'a') + "\r\n\r\n") == 0);
    CHECK(status_of(begin + std::string(room + 1, 'a') + "\r\n\r\n") == 431);
}

TEST_CASE("a response head is read for the client", "[stage6][http]") {
    const auto parse = [](std::string_view text, std::string_view method = "GET") {
        ResponseHead head;
        parse_response_head(text, method, head);
        return head;
    };
    const ResponseHead found = parse("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n");
    CHECK(found.status == 404);
    CHECK(found.reason == "Not Found");
    CHECK(found.content_length == 3);
    CHECK(parse("HTTP/1.1 200\r\n\r\n").framing == Framing::until_close);
    CHECK(parse("HTTP/1.1 204 No\r\n\r\n").framing == Framing::none);
    CHECK(parse("HTTP/1.1 101 UPGRADED\r\n\r\n").framing == Framing::none);
    CHECK(parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD").framing == Framing::none);
    CHECK(parse("HTTP/1.0 200 OK\r\n\r\n").keep_alive == false);
    CHECK(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").framing ==
          Framing::chunked);
    for (const char* wrong : {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                              "HTTP/1.1  200\r\n\r\n", "ICY 200 OK\r\n\r\n"}) {
        CHECK_THROWS_AS(parse(wrong), HttpError);
    }
}

TEST_CASE("a header's value can't forge another header", "[stage6][http]") {
    std::string head;
    append_header(head, "X", "y");
    CHECK(head == "X: y\r\n");
    CHECK_THROWS(append_header(head, "X", "y\r\nSet-Cookie: z"));
    append_status_line(head = {}, 404);
    CHECK(head == "HTTP/1.1 404 Not Found\r\n");
}

// Decodes in pieces of that size; what is left of the input stands behind a '|'.
static std::string decoded(std::string_view bytes, std::size_t piece, Framing framing,
                           std::uint64_t length = 0) {
    MessageHead head;
    head.framing = framing;
    head.content_length = length;
    BodyDecoder decoder{head};
    std::string output;
    try {
        while (!bytes.empty() && !decoder.done()) {
            const std::size_t taken = decoder.decode(bytes.substr(0, piece), output);
            bytes.remove_prefix(taken);
        }
    } catch (const HttpError& error) {
        return std::to_string(error.status());
    }
    return decoder.done() ? output + "|" + std::string{bytes} : output + "...";
}

static std::string dechunked(std::string_view bytes) {
    const std::string whole = decoded(bytes, bytes.size(), Framing::chunked);
    for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
        CHECK(decoded(bytes, piece, Framing::chunked) == whole);
    }
    return whole;
}

TEST_CASE("bodies are decoded the same however they are cut", "[stage6][http]") {
    CHECK(decoded("hello next", 3, Framing::length, 5) == "hello| next");
    CHECK(decoded("next", 4, Framing::length, 0) == "|next");
    CHECK(decoded("all there is", 5, Framing::until_close) == "all there is...");
    CHECK(dechunked("5\r\nhello\r\n0\r\n\r\nnext") == "hello|next");
    CHECK(dechunked("3\r\nhel\r\n002;name=\"value\"\r\nlo\r\n0\r\nX: y\r\nZ: \r\n\r\n") ==
          "hello|");
    CHECK(dechunked("A\r\n0123456789\r\n0\r\n\r\n") == "0123456789|");
    CHECK(dechunked("5\r\nhel") == "hel...");
    CHECK(dechunked("0\r\n\r") == "...");
}

TEST_CASE("malformed chunks are refused", "[stage6][http]") {
    for (const char* wrong :
         {"\r\n", "g\r\n", "-1\r\n", "+1\r\n", " 1\r\n", "1 \r\n", "0x1\r\n", ";x\r\n",
          "FFFFFFFFFFFFFFFF\r\n", "1\nx", "1\rx", "1\r\nxy\r\n", "1\r\nx\n", "1\r\nx\rz",
          "0\r\nX\n", "0\r\n\rx", "0\r\nX: \x01\r\n\r\n"}) {
        INFO(wrong);
        CHECK(dechunked(wrong) == "400");
    }
    CHECK(dechunked("1;" + std::string(256, 'x') + "\r\na\r\n0\r\n\r\n") == "a|");
    CHECK(dechunked("1;" + std::string(257, 'x') + "\r\na\r\n0\r\n\r\n") == "400");
    std::string output;
    append_chunk_head(output, 255);
    CHECK(output == "ff\r\n");
}

TEST_CASE("targets are cut and decoded strictly", "[stage6][http]") {
    CHECK(split_target("/a/b?c=d?e").path == "/a/b");
    CHECK(split_target("/a/b?c=d?e").query == "c=d?e");
    CHECK(split_target("http://host/a?b").path == "/a");
    CHECK(split_target("*").path == "*");
    for (const char* wrong : {"a", "", "?a", "http://host", "/%zz", "/%0", "/%", "/a%00b"}) {
        CHECK_THROWS_AS(split_target(wrong), HttpError);
    }
    CHECK(percent_decoded("a%2Fb+%c3%a9") == "a/b+\xc3\xa9");
    const Query query{"all=1&x=a+b%26&filters=%7B%7D&empty=&bare&&x=second"};
    CHECK(query.flag("all"));
    CHECK(query.get("x") == "a b&");
    CHECK(query.get("filters") == "{}");
    CHECK(query.has("bare"));
    CHECK_FALSE(query.flag("empty"));
    CHECK_FALSE(query.has("nothing"));
    CHECK(query.get("nothing", "else") == "else");
    CHECK(query.all().size() == 6);
    for (const char* no : {"0", "no", "False", "none", "%20", ""}) {
        CHECK_FALSE(Query{"a=" + std::string{no}}.flag("a", true));
    }
    CHECK(Query{"a=True"}.flag("a"));
    CHECK(Query{"t=-1"}.get_number("t", 10) == -1);
    CHECK(Query{"t="}.get_number("t", 10) == 10);
    CHECK_THROWS_AS(Query{"t=1x"}.get_number("t", 10), HttpError);
    CHECK_THROWS_AS(Query{"t=99999999999999999999"}.get_number("t", 10), HttpError);
    CHECK_THROWS_AS(Query{"a=%zz"}, HttpError);
    CHECK_THROWS_AS(Query{"%00=1"}, HttpError);
}
