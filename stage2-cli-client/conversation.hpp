// One connection to a manager: commands out, replies in, in the same order. Commands may be sent
// ahead of the replies to those before, where the manager can tell one from the next.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/tcp_socket.hpp"
#include "stage1-tcp-manager/deadlines.hpp"
#include "stage2-cli-client/line_buffer.hpp"

// There is no manager, or none any more.
class Unreachable : public Failure {
    using Failure::Failure;
};

constexpr std::size_t kRepliesAwaitedMax = 16384;  // and no more commands are sent ahead

class Conversation {
public:
    // Connects. Throws Unreachable.
    explicit Conversation(const TcpAddress& address);

    // True when the next command may go. The first one goes alone, and so does each one to a
    // manager like the article's, which takes what one recv(2) returns for one command; a reply
    // that ends in a newline comes from one that reads lines.
    bool may_ship() const;

    // Takes a command, "run web", for the next send().
    void ship(const std::string& command);

    // The reply to the oldest command that waits for one, without its newline. A manager that
    // sends none has ended its reply when nothing follows for a moment. False when there is none
    // yet: wait for `fd` or the deadline. Throws Unreachable when none will come.
    bool take_reply(std::string& reply);

    // What the manager said without being asked. Only while no reply is waited for.
    std::string take_unasked() { return received_.take_rest(); }

    int fd() const { return socket_.get(); }
    short events() const;       // POLLIN and perhaps POLLOUT: what to poll(2) for
    Deadline deadline() const;  // when to ask for a reply although nothing has come
    void send();                // as much as can be sent without waiting
    void receive();             // as much as is there
    bool has_ended() const { return has_ended_; }

    // Says a last word, ends our sending side and reads to the end of the other. To close with
    // bytes unread would reset the connection, and a reset kills the article's manager.
    void leave(std::string_view last_word);

    Unreachable lost(std::string_view why) const;

private:
    bool waits_for_quiet() const;
    bool is_reply_known() const;

    TcpAddress address_;
    Fd socket_;
    std::string unsent_;
    LineBuffer received_;
    std::string command_;              // the last one shipped
    std::size_t replies_awaited_ = 0;  // more than one only where replies end in a newline
    bool ends_its_replies_ = false;    // the manager has sent a newline
    bool has_ended_ = false;
    Clock::time_point last_moved_{};  // when a byte went out or came in
};
