#include "stage1-tcp-manager/connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/socket.hpp"
#include "stage1-tcp-manager/validation.hpp"

static constexpr std::size_t kReadBytes = 16 * 1024;
static constexpr std::size_t kIdleBytesMax = 4096;  // the memory that a quiet client may keep
// What a client may have sent ahead, to be answered still when the manager ends.
static constexpr std::size_t kLastBytesMax = 1024 * 1024;

// Forgets the first bytes, and gives back the memory when the text had grown.
static void erase_front(std::string& text, std::size_t count) {
    if (text.capacity() > kIdleBytesMax && text.size() - count <= kIdleBytesMax) {
        text = std::string{text, count};  // erase would keep the memory
    } else {
        text.erase(0, count);
    }
}

Connection::Connection(Fd socket, const Patience& patience)
    : socket_{std::move(socket)}, patience_{patience} {}

bool Connection::serve(ContainerTable& table, Log& log, Clock::time_point now) {
    now_ = now;
    if (!send()) return false;
    if (!unread_.empty()) return true;
    if (!lines_wait_ && receive() == Received::end) return false;
    execute_lines(table, log);
    if (state_ == State::flushing) execute_without_newline(table, log);
    return send();
}

// Reads once.
Connection::Received Connection::receive() {
    char piece[kReadBytes];
    const auto count =
        retry([&] { return ::recv(socket_.get(), piece, sizeof piece, MSG_DONTWAIT); });
    if (count == -1) return errno == EAGAIN ? Received::nothing : Received::end;
    if (state_ == State::leaving) return count == 0 ? Received::end : Received::nothing;
    if (count == 0) {
        // What we have answered still goes out: a client may end its sending side first.
        state_ = State::flushing;
        return Received::nothing;
    }
    last_received_ = now_;
    if (received_.empty()) line_began_ = now_;
    received_.append(piece, static_cast<std::size_t>(count));
    return Received::something;
}

void Connection::execute_lines(ContainerTable& table, Log& log) {
    std::size_t taken = 0;
    unread_since_ = now_;
    lines_wait_ = false;
    while (state_ != State::leaving && !lines_wait_) {
        const std::size_t end = received_.find('\n', taken);
        std::size_t length = std::min(end, received_.size()) - taken;
        // Telnet ends a line with CR LF; of an unfinished line the last byte may be such a CR.
        if (length > 0 && received_[taken + length - 1] == '\r') --length;
        if (length > kLineBytesMax) {
            refuse("Line too long: at most " + std::to_string(kLineBytesMax) + " bytes");
        } else if (end == std::string::npos) {
            break;
        } else if (unread_.size() >= kUnreadBytesMax) {
            lines_wait_ = true;
        } else {
            ends_its_lines_ = true;
            execute(std::string_view{received_}.substr(taken, length), table, log);
            taken = end + 1;
            line_began_ = last_received_;
        }
    }
    erase_front(received_, state_ == State::leaving ? received_.size() : taken);
}

// Takes a text that no newline has ended, if it is a whole command of a client that never sends
// one. Otherwise it may be the first half of a command, and half a command is never executed.
void Connection::execute_without_newline(ContainerTable& table, Log& log) {
    if (ends_its_lines_ || received_.empty() || !is_whole_command(received_)) return;
    execute(received_, table, log);
    erase_front(received_, received_.size());
}

void Connection::execute(std::string_view line, ContainerTable& table, Log& log) {
    const std::string_view data = trimmed(line);
    if (!data.empty()) log.add("Received data: " + printable(data));
    if (table.execute(line, unread_) == Verdict::close) leave();
}

Deadline Connection::deadline() const {
    if (!unread_.empty() || lines_wait_) return unread_since_ + patience_.unread;
    if (state_ == State::leaving) return left_ + patience_.farewell;
    if (received_.empty()) return {};
    const auto unfinished = line_began_ + patience_.unfinished;
    if (ends_its_lines_ || !is_whole_command(received_)) return unfinished;
    return std::min(unfinished, last_received_ + patience_.quiet);
}

bool Connection::expire(ContainerTable& table, Log& log, Clock::time_point now) {
    // Perhaps it was we who were late (busy, or stopped by SIGSTOP): its bytes may be there.
    if (!serve(table, log, now)) return false;
    const auto due = deadline();
    if (!due || *due > now) return true;
    if (state_ != State::open || !unread_.empty()) return false;
    // A whole command was one when it had been followed by quiet, however late we see that.
    if (now >= last_received_ + patience_.quiet) execute_without_newline(table, log);
    if (!received_.empty() && now >= line_began_ + patience_.unfinished) {
        refuse("Line not finished in time: a newline ends a command");
    }
    return send();
}

std::uint32_t Connection::interest() const {
    return unread_.empty() && !lines_wait_ ? EPOLLIN : EPOLLOUT;
}

bool Connection::finish(ContainerTable& table, Log& log, Clock::time_point now) {
    now_ = now;
    for (std::size_t read = 0; state_ == State::open && read < kLastBytesMax; read += kReadBytes) {
        if (!send()) return false;
        if (!unread_.empty() || receive() != Received::something) break;
        execute_lines(table, log);
    }
    if (state_ == State::flushing) execute_without_newline(table, log);
    if (state_ == State::open) state_ = State::flushing;
    return send();
}

void Connection::refuse(std::string_view reason) {
    unread_.append(reason).append("\n");
    leave();
}

// Takes no further line and ends our sending side, but closes the socket only when the client has
// ended its own: close(2) with bytes of the client unread would reset the connection, and the
// reset would overtake our last reply.
void Connection::leave() {
    state_ = State::leaving;
    left_ = now_;
}

// False when the connection is over: all is sent and nothing more will come, or the client is gone.
bool Connection::send() {
    if (!unread_.empty()) {
        std::size_t sent = 0;
        try {
            sent = send_some(socket_.get(), std::string_view{unread_}.substr(unread_start_));
        } catch (const SystemError&) {
            return false;  // EPIPE, ECONNRESET: it goes without a word
        }
        unread_start_ += sent;
        if (sent > 0) unread_since_ = now_;
        if (unread_start_ < unread_.size()) return true;
        erase_front(unread_, unread_.size());
        unread_start_ = 0;
        if (state_ == State::leaving) left_ = now_;
    }
    if (state_ == State::leaving) ::shutdown(socket_.get(), SHUT_WR);
    return state_ != State::flushing || lines_wait_;
}

std::string address_text(const sockaddr_storage& address) {
    char host[INET6_ADDRSTRLEN] = "?";
    if (address.ss_family == AF_INET) {
        const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
        ::inet_ntop(AF_INET, &ipv4.sin_addr, host, sizeof host);
        return "('" + std::string{host} + "', " + std::to_string(ntohs(ipv4.sin_port)) + ")";
    }
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &ipv6.sin6_addr, host, sizeof host);
    return "('" + std::string{host} + "', " + std::to_string(ntohs(ipv6.sin6_port)) + ", " +
           std::to_string(ntohl(ipv6.sin6_flowinfo)) + ", " + std::to_string(ipv6.sin6_scope_id) +
           ")";
}
