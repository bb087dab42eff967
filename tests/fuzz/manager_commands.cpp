// Stage 1's protocol: the table says what a plain map would say, in one line for each line at most,
// and stage 2 understands it; however the network has cut the bytes, the same replies.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>

#include "common/error.hpp"
#include "stage1-tcp-manager/connection.hpp"
#include "stage1-tcp-manager/validation.hpp"
#include "stage2-cli-client/reply.hpp"
#include "tests/fuzz/fuzz.hpp"

// What the article's dictionary does; nothing for a line that is no whole command.
class Model {
public:
    std::string reply_to(const std::vector<std::string_view>& words) {
        if (words.size() == 1 && words[0] == "list") return list();
        if (words.size() != 2 || !why_invalid_name(words[1]).empty()) return {};
        const std::string name{words[1]};
        if (words[0] == "run") {
            if (states_.emplace(name, "").second) order_.push_back(name);
            states_[name] = "created";
            return "Container '" + name + "' created at '/tmp/" + name + ".txt'\n";
        }
        if (words[0] != "stop") return {};
        if (!states_.contains(name)) return "Container not found\n";
        states_[name] = "stopped";
        return "Container '" + name + "' stopped\n";
    }

private:
    std::string list() const {
        std::string text;
        for (const auto& name : order_) {
            text += (text.empty() ? "'" : ", '") + name + " - " + states_.at(name) + "'";
        }
        return "Available containers: [" + text + "]\n";
    }

    std::map<std::string, std::string> states_;
    std::vector<std::string> order_;
};

static void check_table(std::string_view input) {
    ContainerTable table;
    Model model;
    Choices choices{input};
    while (!input.empty()) {
        const std::string_view line = choices.until('\n');
        std::string reply;
        const Verdict verdict = table.execute(line, reply);
        hold(std::ranges::count(reply, '\n') == (reply.empty() ? 0 : 1), "at most a line");
        hold(reply.empty() || printable(reply.substr(0, reply.size() - 1)) + "\n" == reply,
             "nothing that a terminal would obey");
        const std::string expected = model.reply_to(words_of(line));
        hold(expected.empty() || (reply == expected && verdict == Verdict::go_on), "as a map does");
        if (reply.empty()) continue;
        const auto outcome = outcome_of(line, reply.substr(0, reply.size() - 1));
        hold(outcome != Outcome::unexpected || reply == expected, "stage 2 knows every reply");
    }
}

// All that a client reads who sends these pieces and then ends.
static std::string replies_to(const std::vector<std::string_view>& pieces) {
    static Log log;
    int ends[2];
    const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    check(::socketpair(AF_UNIX, type, 0, ends), "socketpair");
    const Fd client{ends[0]};
    Connection connection{Fd{ends[1]}, Patience{}};
    ContainerTable table;
    std::string replies;
    bool alive = true;
    const auto serve = [&] {
        do {
            alive = connection.serve(table, log, Clock::now());
            char room[4096];
            ssize_t count = 0;
            while ((count = ::recv(client.get(), room, sizeof room, 0)) > 0) {
                replies.append(room, static_cast<std::size_t>(count));
            }
        } while (alive && connection.interest() == EPOLLOUT);
    };
    for (const auto piece : pieces) {
        if (!alive) return replies;
        ::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        serve();
    }
    ::shutdown(client.get(), SHUT_WR);
    if (alive) serve();
    return replies;
}

void check_input(std::string_view input) {
    const std::size_t cut = drawn_from(input, 128);
    check_table(input);
    auto all = cuttings(input, cut);
    if (input.size() > 256) all.pop_back();
    const std::string whole = replies_to(all[0]);
    for (const auto& pieces : all) hold(replies_to(pieces) == whole, "cuts change nothing");
}
