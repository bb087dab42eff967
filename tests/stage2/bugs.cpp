// The checks of the bugs that are planted in stage 2 (make bug N=2.1 PROGRAM=...).
#include <sys/socket.h>

#include "common/error.hpp"
#include "tests/stage2/acted_manager.hpp"
#include "tests/support/busy.hpp"

// Whoever has only ended its sending still hears us; one that has closed its socket answers what it
// gets with a reset. Both look alike until then. False also when it had no time left to listen.
static bool leaves_in_order() {
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.wait_for_output(kPrompt);
    client.send("exit\n");
    CHECK(connection.read_line() == "exit");
    CHECK(connection.read_to_end().empty());
    try {
        connection.send("goodbye\n");
        connection.end_sending();
    } catch (const std::exception&) {
        return false;
    }
    CHECK(client.wait() == 0);
    int error = 0;
    socklen_t size = sizeof error;
    check(::getsockopt(connection.fd(), SOL_SOCKET, SO_ERROR, &error, &size), "getsockopt");
    return error == 0;
}

TEST_CASE("bug 2.1: who leaves says that nothing more will come", "[.][bug-2.1]") {
    hint("strace -e trace=network: which call ends our sending, and not our reading?");
    // It listens for a second at most, and this machine may be busy just then.
    wait_until(leaves_in_order, "it ends its sending, and listens on");
}

TEST_CASE("bug 2.2: what has been read is shown", "[.][bug-2.2]") {
    hint("strace shows the reply arrive. What does the program know that it has not looked at?");
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    for (int i = 0; i < 5; ++i) {
        const std::string name = random_name();
        client.send("stop\n" + name + "\n");
        CHECK(connection.read_line() == "stop " + name);
        connection.send("Container '" + name + "' stopped\n");
        client.wait_for_output("Container '" + name + "' stopped\n\n");
    }
    client.close_stdin();
    connection.read_line();
    connection.end_sending();
    CHECK(client.wait() == 0);
}

TEST_CASE("bug 2.3: who waits for a late reply does nothing else", "[.][bug-2.3]") {
    hint("echo list | strace stage2-cli-client: which call comes again and again?");
    ActedManager manager;
    Process client{client_command(manager.port())};
    TextClient connection = manager.accept();
    client.send("list\n");
    client.close_stdin();
    CHECK(connection.read_line() == "list");
    CHECK(is_idle(client.pid()));
    connection.send("Available containers: []\n");
    client.wait_for_output("Available containers: []\n");
}
