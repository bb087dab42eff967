// A daemon played by the test itself: it sees what a client asks and says what it is told to.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/wire/stream_frames.hpp"
#include "tests/support/testing.hpp"

// One connection of a client.
class ActedConnection {
public:
    explicit ActedConnection(Fd socket) : socket_{std::move(socket)} {}

    // The next request, as "POST /containers/create" without the version's prefix; its body.
    std::string request();
    const std::string& body() const { return body_; }
    Json json() const { return parse_json(body_); }

    // An answer with a body, and one without.
    void answer(int status, std::string_view body = {});
    void refuse(int status, std::string_view message);

    // The head of a stream: a chunked one, or one of bytes both ways.
    void begin_chunked();
    void begin_upgraded();

    void send(std::string_view bytes);
    void send_chunk(std::string_view bytes);
    void end_chunks() { send("0\r\n\r\n"); }

    // What the client sends until it ends its sending side; of a stream of bytes the next so many.
    std::string read_to_end();
    std::string read_bytes(std::size_t count);

    // The body of the request, which comes in chunks.
    std::string read_chunks();

private:
    bool read_more();

    Fd socket_;
    std::string input_, body_;
};

class ActedDaemon {
public:
    ActedDaemon() : path_{temporary_directory() + "/daemon.sock"} { listen(); }

    const std::string& socket() const { return path_; }
    std::vector<std::string> slipway(std::vector<std::string> words) const;
    std::vector<std::string> orchestrate(std::vector<std::string> words) const;

    void listen();
    void go_away();

    // The next connection, and its first request, which must be this one.
    ActedConnection accept();
    ActedConnection expect(const std::string& request);

private:
    std::string path_;
    Fd listener_;
};

std::string frame(StreamType type, std::string_view bytes);

// The same with the position behind the entry.
std::string frame_at(std::string_view offset, StreamType type, std::string_view bytes);
