// Where a daemon and its clients meet when nobody says so, and where the daemon keeps its files.
// `program` is "slipway" or "orchestrator".
#pragma once

#include <string>
#include <string_view>

// The path of the socket: SLIPWAY_HOST (unix://PATH or PATH) or ORCHESTRATOR_SOCKET; for root
// /run/PROGRAM.sock; otherwise $XDG_RUNTIME_DIR/PROGRAM.sock, or /tmp/PROGRAM-UID/PROGRAM.sock.
// That last directory is made, for its owner alone; Failure when it is anybody else's, a link, or
// open to others: whoever could write to it could answer in the daemon's place.
std::string default_socket(std::string_view program);

// The directory of the daemon's files: SLIPWAY_ROOT; for root /var/lib/PROGRAM; otherwise
// $XDG_DATA_HOME/PROGRAM, or /tmp/PROGRAM-UID/PROGRAM, with the same care. It is not made.
std::string default_root(std::string_view program);

// "unix:///run/slipway.sock" or a plain path, as a path. Throws UsageError naming `what` for any
// other scheme and for an empty path.
std::string socket_path_of(std::string_view address, std::string_view what);
