#include "stage1-tcp-manager/address_options.hpp"

std::vector<Option> address_options(TcpAddress& address, std::string_view port_help) {
    const auto set_host = [&](std::string_view value) { address.host = value; };
    const auto set_port = [&](std::string_view value) {
        address.port = static_cast<std::uint16_t>(parse_number(value, "--port", 0, 65535));
    };
    return {{"--host", "HOST", "name or address of the manager's machine (127.0.0.1)", set_host},
            {"--port", "PORT", port_help, set_port}};
}
