// The client's end of one HTTP/1.1 connection, blocking.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "stage6-daemon-shim/core/transcript/conversation.hpp"
#include "stage6-daemon-shim/core/wire/body.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

// The connection ended, or broke, before what was awaited had come.
class ConnectionLost : public Failure {
    using Failure::Failure;
};

struct ClientRequest {
    std::string_view method;
    std::string_view target;     // path and query, encoded
    std::string_view json = {};  // the body, if there is one
    bool upgrade = false;        // ask to turn the connection into a plain stream
};

class HttpConnection {
public:
    // `told` is told what is said, if it is there.
    explicit HttpConnection(Fd socket, std::unique_ptr<Conversation> told = {})
        : socket_{std::move(socket)}, told_{std::move(told)} {}

    int fd() const { return socket_.get(); }

    // Sends the request and returns the head of its answer; those before the final one
    // (100 Continue) are passed over. After 101 the body is whatever comes until the end.
    // Throws ConnectionLost, or Failure when the answer is no HTTP.
    const ResponseHead& exchange(const ClientRequest& request);

    // The same with a body that is read from `file` (a tar archive) and sent in chunks. A daemon
    // that answers before it has read all has its reason.
    const ResponseHead& upload(const ClientRequest& request, int file);

    const ResponseHead& head() const { return head_; }

    // Appends the next bytes of the body; waits while there are none. False at its end. Throws
    // ConnectionLost when the connection ended before, Failure when the chunks make no sense.
    bool receive(std::string& output);

    // Whether receive() would return at once although poll(2) sees nothing.
    bool has_buffered() const { return !input_.empty() || decoder_.done(); }

    // Whether another request may be sent: the body is read, and the peer has neither ended the
    // connection meanwhile nor sent what nobody asked for.
    bool is_reusable() const;

    // For the stream after 101. Sends what the socket takes at once; 0 when it is full.
    std::size_t send_some(std::string_view bytes);
    void end_sending();

private:
    bool fill();
    void receive_head(std::string_view method);
    bool send(std::string_view bytes);

    Fd socket_;
    std::unique_ptr<Conversation> told_;
    std::string input_;  // arrived and not yet taken
    ResponseHead head_;
    BodyDecoder decoder_;
};
