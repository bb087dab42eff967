// What daemon and shim agree on: the lock, the messages, who is who.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/contract/process_identity.hpp"
#include "stage6-daemon-shim/core/contract/shim_lock.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "tests/support/testing.hpp"

TEST_CASE("the lock is held once, seen by probes, and free when its last copy is closed",
          "[stage6]") {
    const ContainerDir directory = ContainerDir::open(temporary_directory());
    CHECK_FALSE(shim_is_alive(directory));
    {
        Fd lock = lock_shim(directory);
        const Fd copy{check(::fcntl(lock.get(), F_DUPFD_CLOEXEC, 3), "fcntl")};
        lock.close();  // as the daemon does: the shim's copy still holds it
        CHECK(shim_is_alive(directory));
        CHECK(shim_is_alive(directory));
        CHECK_THROWS_AS(lock_shim(directory), Failure);
    }
    CHECK_FALSE(shim_is_alive(directory));
    lock_shim(directory);
}

TEST_CASE("an outcome comes back as it was told", "[stage6]") {
    const ShimOutcome started = parse_outcome(outcome_text({4711, StartFailure::none, ""}));
    CHECK(started.pid == 4711);
    CHECK(started.failure == StartFailure::none);
    for (const auto failure : {StartFailure::invalid, StartFailure::not_executable,
                               StartFailure::not_found, StartFailure::engine}) {
        const ShimOutcome failed = parse_outcome(outcome_text({0, failure, "exec: \"x\": why"}));
        CHECK(failed.failure == failure);
        CHECK(failed.error == "exec: \"x\": why");
    }
    CHECK(outcome_text({0, StartFailure::engine, std::string(10000, 'x')}).size() <= 4096);
}

TEST_CASE("what a dying shim left unsaid is a failure of the engine", "[stage6]") {
    for (const std::string_view text : {"", "started", "started 12", "started x\n", "failed\n",
                                        "failed nonsense why\n", "failed none x\n", "hello\n"}) {
        INFO(text);
        CHECK(parse_outcome(text).failure == StartFailure::engine);
    }
}

TEST_CASE("requests and answers arrive whole, with their descriptors", "[stage6]") {
    const ContainerDir directory = ContainerDir::open(temporary_directory());
    const Fd listener = listen_for_requests(directory);
    const Fd again = listen_for_requests(directory);  // a stale file is no obstacle
    const Fd client = connect_to_shim(directory);
    const Fd server{::accept4(again.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    REQUIRE(server);
    ShimMessage message;
    CHECK(receive_message(server.get(), message) == Received::nothing_yet);

    Pipe pipe = make_pipe();
    const int end = pipe.write_end.get();
    send_message(client.get(), "first", {&end, 1});
    send_message(client.get(), std::string(100000, 'x'));
    REQUIRE(receive_message(server.get(), message) == Received::message);
    CHECK(message.text == "first");
    REQUIRE(message.descriptors.size() == 1);
    CHECK(::fcntl(message.descriptors[0].get(), F_GETFD) == FD_CLOEXEC);
    write_all(message.descriptors[0].get(), "through", "pipe");
    message.descriptors.clear();
    pipe.write_end.close();
    CHECK(read_all(pipe.read_end.get(), "pipe") == "through");
    REQUIRE(receive_message(server.get(), message) == Received::message);
    CHECK(message.text.size() == 100000);
    CHECK_THROWS_AS(send_message(client.get(), std::string(kShimMessageBytesMax + 1, 'x')),
                    Failure);
}

TEST_CASE("the end of a connection is seen", "[stage6]") {
    const ContainerDir directory = ContainerDir::open(temporary_directory());
    const Fd listener = listen_for_requests(directory);
    Fd client = connect_to_shim(directory);
    const Fd server{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    client.close();
    ShimMessage message;
    CHECK(receive_message(server.get(), message) == Received::end);
}

TEST_CASE("a directory with a path longer than a socket's address has a socket", "[stage6]") {
    std::string path = temporary_directory();
    for (int i = 0; i < 4; ++i) {
        path += "/" + std::string(60, 'd');
        check(::mkdir(path.c_str(), 0700), "mkdir", path);
    }
    const ContainerDir directory = ContainerDir::open(path);
    const Fd listener = listen_for_requests(directory);
    CHECK(connect_to_shim(directory));
    struct stat status {};
    REQUIRE(::stat((path + "/" + kSocketFile).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a process is told from a later one with its number", "[stage6]") {
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        ::pause();
        ::_exit(0);
    }
    Child child{pid};
    const ProcessIdentity identity = identity_of(pid);
    CHECK(open_process(identity, boot_id()));
    CHECK_FALSE(open_process({pid, identity.start_time + 1}, boot_id()));
    CHECK_FALSE(open_process(identity, "another boot"));
    CHECK_FALSE(kill_process({pid, identity.start_time + 1}, boot_id()));
    CHECK(kill_process(identity, boot_id()));
    CHECK(child.wait() == 128 + SIGKILL);
    CHECK_FALSE(kill_process(identity, boot_id()));
}
