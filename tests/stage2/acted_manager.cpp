#include "tests/stage2/acted_manager.hpp"

#include <sys/socket.h>

#include "common/file.hpp"
#include "common/tcp_socket.hpp"

std::vector<std::string> client_command(std::uint16_t port, const std::vector<std::string>& words) {
    std::vector<std::string> command = {program(2), "--port", std::to_string(port)};
    command.insert(command.end(), words.begin(), words.end());
    return command;
}

std::vector<std::string> client_in_shell(std::uint16_t port, const std::string& redirections) {
    return {"sh", "-c", "exec \"$0\" --port \"$1\" " + redirections, program(2),
            std::to_string(port)};
}

std::string file_with(const std::string& text) {
    const std::string path = temporary_directory() + "/text";
    write_file(path, text);
    return path;
}

RunOptions patient() {
    RunOptions options;
    options.deadline = std::chrono::seconds{60};
    return options;
}

ActedManager::ActedManager() : listener_{listen_tcp({"127.0.0.1", 0})} {}

std::uint16_t ActedManager::port() const {
    return local_port(listener_.get());
}

TextClient ActedManager::accept() {
    Fd socket;
    wait_until(
        [&] {
            socket = Fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            return static_cast<bool>(socket);
        },
        "the client to connect");
    return TextClient{std::move(socket)};
}
