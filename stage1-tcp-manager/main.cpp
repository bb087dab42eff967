// Stage 1: a daemon is a loop and a table. The first chapter: it uses no earlier one.
#include <signal.h>
#include <sys/resource.h>

#include "common/error.hpp"
#include "common/options.hpp"
#include "common/tcp_socket.hpp"
#include "stage1-tcp-manager/address_options.hpp"
#include "stage1-tcp-manager/manager.hpp"

static const Program kProgram = {
    .name = "stage1-tcp-manager",
    .synopsis = "[--host HOST] [--port PORT]",
    .about =
        "Keeps a table of containers, and changes it on the word of any client that connects:\n"
        "run NAME, stop NAME, list, exit. One line is one command, and each has one line of "
        "reply.\n"
        "Try: nc 127.0.0.1 8080, then type list. Ctrl-C ends the manager.",
};

static TcpAddress address_from(const std::vector<std::string>& arguments) {
    TcpAddress address;
    const auto options = address_options(address, "8080 by default, 0 takes a free one");
    const auto rest = parse_options(kProgram, options, arguments);
    if (rest.empty()) return address;
    throw UsageError{"unexpected argument " + printable(rest[0]) +
                     " (try stage1-tcp-manager --help)"};
}

static void allow_as_many_descriptors_as_possible() {
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

int main(int argc, char** argv) try {
    // 1. Where to listen.
    ensure_standard_streams();
    const TcpAddress address = address_from(arguments_of(argc, argv));

    // 2. Each client costs a descriptor; and a log that nobody reads any more must not end us.
    allow_as_many_descriptors_as_possible();
    ::signal(SIGPIPE, SIG_IGN);

    // 3. Create the listening socket.
    ContainerManager manager{address};

    // 4. This protocol knows no password. (Stage 6 listens on a file, which has an owner.)
    report_failure(kProgram.name, Failure{"note: whoever reaches this port controls the manager"},
                   0);

    // 5. Accept clients, read their commands, answer, all in one loop.
    return manager.serve_until_signal();
} catch (const UsageError& error) {
    return report_failure(kProgram.name, error, 2);
} catch (const std::exception& error) {
    return report_failure(kProgram.name, error, 1);
}
