// A server with a handler for each way to answer, and clients, for the tests of the HTTP server.
#pragma once

#include <sys/un.h>

#include <memory>
#include <string>
#include <string_view>

#include "stage6-daemon-shim/core/server/http_server.hpp"
#include "tests/support/testing.hpp"

using std::chrono::milliseconds;

// For clients in the server's own process, which may stand still as a whole: nobody is given up.
HttpServerOptions patient_server();

// A server and its clients in one loop, on an address that the kernel picks (unix(7), autobind).
struct ServerScene {
    EventLoop loop;
    sockaddr_un address{};
    socklen_t address_bytes = sizeof address;
    std::string trace;
    Event event{loop};
    std::unique_ptr<HttpServer> server;

    explicit ServerScene(HttpServerOptions options = patient_server());

    Fd connect() const;

    // Sends the bytes, and returns what comes until the server ends the connection.
    std::string exchange(std::string bytes);
};

// Until the server ends the stream, at most half a minute without a byte.
Task<void> read_until_end(Stream& stream, std::string& received);

std::string http_get(const std::string& path, const std::string& headers = {});
std::string http_post(const std::string& path, const std::string& body,
                      const std::string& headers = {});

// The answer without its Date, which is another each second.
std::string without_date(std::string answer);
std::string status_line(const std::string& answer);
std::string body_of(const std::string& answer);
std::size_t occurrences(const std::string& text, std::string_view word);
