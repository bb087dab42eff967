// --host and --port, which the manager and its client share.
#pragma once

#include <string_view>
#include <vector>

#include "common/options.hpp"
#include "common/tcp_socket.hpp"

// Options that change `address`, which must live as long as they are used.
std::vector<Option> address_options(TcpAddress& address, std::string_view port_help);
