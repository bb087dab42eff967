// A client of the Docker Engine API that costs next to nothing: what it measures is the daemon.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/fd.hpp"

// HTTP over a Unix socket, one connection that is kept.
class ApiConnection {
public:
    explicit ApiConnection(const std::string& socket);

    // One request and the body of its answer. Throws Failure for a status of 400 and more, and when
    // there is no answer for a minute.
    std::string ask(std::string_view method, std::string_view target, std::string_view body = {});

    // The two halves, for who has many on their way. `receive` takes what is there and says whether
    // the answer is whole now.
    void send(std::string_view request);
    bool receive();

    // Begins an answer without an end, a followed log: returns with its head, what follows is read
    // from the socket. The number of bytes that came with the head is in `body_bytes`.
    std::string begin(std::string_view target);

    int get() const { return socket_.get(); }

private:
    Fd socket_;
    std::string input_;
};

// The whole text of a request.
std::string request_text(std::string_view method, std::string_view target,
                         std::string_view body = {});

// Several connections with one request each on its way at any time. Returns answers per second.
double answers_per_second(std::vector<ApiConnection>& connections, std::string_view target,
                          double milliseconds);

// What stands behind the first `"name":"` in a JSON text, up to the next quote.
std::string text_field(const std::string& json, const std::string& name);
