// What the cases of stage 2 share: how the client is started, and a manager that they play.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/fd.hpp"
#include "tests/stage1/talk.hpp"

inline const std::string kPrompt = "Enter command (run, stop or list), exit to quit interface: ";
inline const std::string kNamePrompt = "Enter container name: ";

// The client under test, for a manager on this port of 127.0.0.1.
std::vector<std::string> client_command(std::uint16_t port,
                                        const std::vector<std::string>& words = {});

// The client under test through a shell, which adds redirections: "> /dev/full".
std::vector<std::string> client_in_shell(std::uint16_t port, const std::string& redirections);

// The path of a new file that holds this text.
std::string file_with(const std::string& text);

// For programs that wait ten seconds themselves.
RunOptions patient();

// A manager played by the test itself: it accepts one client and says what it is told to.
class ActedManager {
public:
    ActedManager();
    std::uint16_t port() const;
    int listener() const { return listener_.get(); }
    TextClient accept();

private:
    Fd listener_;
};
