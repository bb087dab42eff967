#include "stage2-cli-client/conversation.hpp"

#include <poll.h>
#include <sys/socket.h>

#include "common/socket.hpp"
#include "stage2-cli-client/reply.hpp"

static constexpr std::chrono::seconds kReplyTimeout{10};  // for a reply, and for sending
static constexpr std::chrono::seconds kLeaveTimeout{1};
// How long a text without a newline must be followed by nothing to be a reply: one that we know,
// and any other, of which more may come.
static constexpr std::chrono::milliseconds kQuietKnown{20};
static constexpr std::chrono::milliseconds kQuietUnknown{1000};

static Fd connect_to(const TcpAddress& address) try {
    return connect_tcp(address);
} catch (const SystemError& error) {
    const bool refused = error.error() == ECONNREFUSED;
    throw Unreachable{std::string{error.what()} + (refused ? " (is the manager running?)" : "")};
} catch (const Failure& error) {
    throw Unreachable{error.what()};
}

Conversation::Conversation(const TcpAddress& address)
    : address_{address}, socket_{connect_to(address)} {}

bool Conversation::may_ship() const {
    return replies_awaited_ < (ends_its_replies_ ? kRepliesAwaitedMax : 1);
}

void Conversation::ship(const std::string& command) {
    if (replies_awaited_ == 0) last_moved_ = Clock::now();
    command_ = command;
    unsent_.append(command).append("\n");
    ++replies_awaited_;
}

bool Conversation::take_reply(std::string& reply) {
    if (replies_awaited_ == 0) return false;
    if (received_.take_line(reply)) {
        ends_its_replies_ = true;
        --replies_awaited_;
        return true;
    }
    const bool is_late = Clock::now() >= *deadline();
    if (waits_for_quiet() && (is_late || (has_ended_ && is_reply_known()))) {
        reply = received_.take_rest();
        --replies_awaited_;
        return true;
    }
    if (has_ended_) throw lost("connection closed before the reply");
    if (received_.text().size() > kReplyBytesMax) throw lost("a reply without an end");
    if (is_late) throw lost("no reply within 10 seconds");
    return false;
}

bool Conversation::waits_for_quiet() const {
    return !ends_its_replies_ && !received_.text().empty();
}

bool Conversation::is_reply_known() const {
    return outcome_of(command_, received_.text()) != Outcome::unexpected;
}

Deadline Conversation::deadline() const {
    if (replies_awaited_ == 0) return {};
    if (!waits_for_quiet()) return last_moved_ + kReplyTimeout;
    return last_moved_ + (is_reply_known() ? kQuietKnown : kQuietUnknown);
}

short Conversation::events() const {
    return unsent_.empty() ? POLLIN : POLLIN | POLLOUT;
}

void Conversation::send() try {
    if (unsent_.empty()) return;
    const std::size_t count = send_some(socket_.get(), unsent_);
    unsent_.erase(0, count);
    if (count > 0) last_moved_ = Clock::now();
} catch (const SystemError&) {
    unsent_.clear();  // it has gone; what it said before is still to be received
}

void Conversation::receive() {
    char piece[64 * 1024];
    const auto count =
        retry([&] { return ::recv(socket_.get(), piece, sizeof piece, MSG_DONTWAIT); });
    if (count == -1 && errno == EAGAIN) return;
    has_ended_ = count <= 0;
    if (has_ended_) return;
    received_.append({piece, static_cast<std::size_t>(count)});
    last_moved_ = Clock::now();
}

void Conversation::leave(std::string_view last_word) {
    const Deadline until = Clock::now() + kLeaveTimeout;
    try {
        // Behind half a command it would be part of that.
        if (unsent_.empty()) {
            send_all(socket_.get(), std::string{last_word} + "\n", kLeaveTimeout);
        }
        ::shutdown(socket_.get(), SHUT_WR);
        while (!has_ended_) {
            pollfd manager{socket_.get(), POLLIN, 0};
            if (::poll(&manager, 1, milliseconds_until(until)) != 1) return;
            receive();
            received_.take_rest();
        }
    } catch (const SystemError&) {
        // It has gone before us.
    }
}

Unreachable Conversation::lost(std::string_view why) const {
    return Unreachable{address_.text() + ": " + std::string{why}};
}
