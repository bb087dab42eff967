#include <sys/resource.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/tcp_socket.hpp"
#include "tests/classroom/doctor/findings.hpp"
#include "tests/classroom/tool/children.hpp"

static Row port() {
    const TcpAddress usual;
    try {
        const Fd listener = listen_tcp(usual);
        return {"port 8080", Finding::here, "free"};
    } catch (const std::exception& error) {
        return {"port 8080", Finding::absent,
                std::string{error.what()} + ": stage1-tcp-manager --port 0 takes a free one"};
    }
}

static Row descriptors() {
    static constexpr rlim_t kForManyClients = 10'100;
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    const std::string text = std::to_string(limit.rlim_max) + " at most";
    if (limit.rlim_max >= kForManyClients) return {"descriptors", Finding::here, text};
    return {"descriptors", Finding::absent,
            text + ": stage 1 serves fewer than 10,000 clients; ulimit -Hn as root"};
}

static Row virtual_machine() {
    const bool has_kvm = ::access("/dev/kvm", R_OK | W_OK) == 0;
    const bool has_qemu = run_to_end({"qemu-system-x86_64", "--version"}, "/").exit_code != 127;
    if (has_qemu && has_kvm) return {"virtual machine", Finding::here, "qemu with /dev/kvm"};
    if (has_qemu) {
        return {"virtual machine", Finding::absent,
                "qemu without /dev/kvm: make test-vm takes many times as long"};
    }
    return {"virtual machine", Finding::absent,
            "make test-vm needs one: apt-get install qemu-system-x86"};
}

Rows rows_of_resources() {
    return {port(), descriptors(), virtual_machine()};
}
