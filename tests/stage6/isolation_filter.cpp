// The seccomp filter as a program: what it answers to calls, decided by a small machine here.
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstring>

#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/features/isolation/default_profile.hpp"
#include "stage6-daemon-shim/features/isolation/seccomp_profile.hpp"
#include "stage6-daemon-shim/features/isolation/system_calls.hpp"
#include "tests/support/testing.hpp"

#if defined(__x86_64__)
static constexpr std::uint32_t kHere = AUDIT_ARCH_X86_64;
#else
static constexpr std::uint32_t kHere = AUDIT_ARCH_AARCH64;
#endif

struct Decision {
    std::uint32_t action = 0;
    int steps = 0;
};

// The instructions that compile_filter makes; any other is a failure.
static Decision decide(const std::vector<sock_filter>& program, const seccomp_data& data) {
    std::uint32_t accumulator = 0;
    Decision decision;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const sock_filter& one = program[at];
        ++decision.steps;
        bool holds = false;
        switch (one.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                REQUIRE(one.k + sizeof accumulator <= sizeof data);
                std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + one.k,
                            sizeof accumulator);
                continue;
            case BPF_RET | BPF_K: decision.action = one.k; return decision;
            case BPF_ALU | BPF_AND | BPF_K: accumulator &= one.k; continue;
            case BPF_JMP | BPF_JA: at += one.k; continue;
            case BPF_JMP | BPF_JEQ | BPF_K: holds = accumulator == one.k; break;
            case BPF_JMP | BPF_JGE | BPF_K: holds = accumulator >= one.k; break;
            case BPF_JMP | BPF_JGT | BPF_K: holds = accumulator > one.k; break;
            default: FAIL("instruction " << one.code << " at " << at);
        }
        at += holds ? one.jt : one.jf;
    }
    FAIL("the program runs over its end");
    return decision;
}

static std::uint32_t decide_call(const std::vector<sock_filter>& program, long number,
                                 std::vector<std::uint64_t> arguments = {}) {
    seccomp_data data{};
    data.nr = static_cast<int>(number);
    data.arch = kHere;
    for (std::size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
    return decide(program, data).action;
}

static constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;

TEST_CASE("the default profile allows Docker's calls and refuses the others",
          "[stage6][isolation]") {
    const auto program = compile_filter(default_profile(chosen_capabilities({}, {})));
    for (const long call : {SYS_read, SYS_openat, SYS_execve, SYS_ptrace, SYS_mknodat, SYS_chroot,
                            SYS_rseq, SYS_close_range}) {
        INFO(call);
        CHECK(decide_call(program, call) == kAllow);
    }
    for (const long call : {SYS_mount,
                            SYS_unshare,
                            SYS_setns,
                            SYS_bpf,
                            SYS_keyctl,
                            SYS_add_key,
                            SYS_kexec_load,
                            SYS_init_module,
                            SYS_reboot,
                            SYS_swapon,
                            SYS_acct,
                            SYS_userfaultfd,
                            SYS_io_uring_setup,
                            SYS_perf_event_open,
                            SYS_open_by_handle_at,
                            SYS_pivot_root,
                            SYS_sethostname,
                            SYS_move_pages,
                            SYS_clock_settime,
                            SYS_quotactl,
                            SYS_fsopen,
                            SYS_move_mount}) {
        INFO(call);
        CHECK(decide_call(program, call) == fail_with(EPERM));
    }
}

TEST_CASE("clone may make no namespace, and clone3 is not there", "[stage6][isolation]") {
    const auto program = compile_filter(default_profile(chosen_capabilities({}, {})));
    CHECK(decide_call(program, SYS_clone, {CLONE_VM | CLONE_FS | CLONE_THREAD}) == kAllow);
    for (const int flag : {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
                           CLONE_NEWUTS, CLONE_NEWCGROUP}) {
        CHECK(decide_call(program, SYS_clone, {static_cast<std::uint64_t>(flag | CLONE_VM)}) ==
              fail_with(EPERM));
    }
    CHECK(decide_call(program, SYS_clone3) == fail_with(ENOSYS));
    const auto with_admin = compile_filter(
        default_profile(chosen_capabilities({}, {}) | parse_capability("SYS_ADMIN")));
    CHECK(decide_call(with_admin, SYS_clone, {CLONE_NEWUSER}) == kAllow);
    CHECK(decide_call(with_admin, SYS_clone3) == kAllow);
    CHECK(decide_call(with_admin, SYS_mount) == kAllow);
}

TEST_CASE("sockets of dangerous families are refused, whatever the upper half says",
          "[stage6][isolation]") {
    const auto program = compile_filter(default_profile(chosen_capabilities({}, {})));
    const auto decide_family = [&](int family, std::uint64_t more = 0) {
        return decide_call(program, SYS_socket, {static_cast<std::uint64_t>(family) | more});
    };
    for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET}) {
        CHECK(decide_family(family) == kAllow);
    }
    for (const int family : {AF_ALG, AF_VSOCK, AF_CAIF, AF_IRDA, AF_DECnet, 46}) {
        INFO(family);
        CHECK(decide_family(family) == fail_with(EPERM));
        CHECK(decide_family(family, 1ull << 40) == fail_with(EPERM));
    }
}

TEST_CASE("another architecture kills, x32 and newer calls are not there", "[stage6][isolation]") {
    const auto program = compile_filter(default_profile(chosen_capabilities({}, {})));
    seccomp_data data{};
    data.nr = SYS_read;
    data.arch = AUDIT_ARCH_I386;
    CHECK(decide(program, data).action == SECCOMP_RET_KILL_PROCESS);
    data.arch = kHere;
    CHECK(decide(program, data).action == kAllow);
#if defined(__x86_64__)
    CHECK(decide_call(program, 0x40000000 | SYS_read) == fail_with(ENOSYS));
#endif
    CHECK(decide_call(program, last_system_call() + 1) == fail_with(ENOSYS));
    CHECK(decide_call(program, 0x3fffffff) == fail_with(ENOSYS));
    CHECK(decide_call(program, -1) == fail_with(ENOSYS));
}

TEST_CASE("the filter is a tree: no call takes many steps", "[stage6][isolation]") {
    const auto program = compile_filter(default_profile(chosen_capabilities({}, {})));
    int most = 0;
    for (unsigned number = 0; number <= last_system_call(); ++number) {
        seccomp_data data{};
        data.nr = static_cast<int>(number);
        data.arch = kHere;
        most = std::max(most, decide(program, data).steps);
    }
    INFO(program.size());
    CHECK(most < 60);  // socket's own checks; a chain would take more than three hundred
}

static std::uint32_t with_check(const ArgumentCheck& check, std::uint64_t argument) {
    const SeccompRules rules{fail_with(EPERM), {{SYS_getppid, kAllow, {check}}}};
    return decide_call(compile_filter(rules), SYS_getppid, {0, argument});
}

TEST_CASE("arguments are compared as 64-bit numbers", "[stage6][isolation]") {
    using Operator = ArgumentCheck::Operator;
    constexpr std::uint64_t big = 0x1'0000'0005;
    const std::uint64_t values[] = {0, 4, 5, 6, big - 1, big, big + 1, 0x2'0000'0000, ~0ull};
    for (const std::uint64_t value : {std::uint64_t{5}, big}) {
        for (const std::uint64_t argument : values) {
            INFO(argument << " against " << value);
            const auto holds = [&](Operator comparison) {
                return with_check({1, comparison, value}, argument) == kAllow;
            };
            CHECK(holds(Operator::equal) == (argument == value));
            CHECK(holds(Operator::not_equal) == (argument != value));
            CHECK(holds(Operator::less) == (argument < value));
            CHECK(holds(Operator::less_or_equal) == (argument <= value));
            CHECK(holds(Operator::greater) == (argument > value));
            CHECK(holds(Operator::greater_or_equal) == (argument >= value));
        }
    }
    CHECK(with_check({1, Operator::masked, 0x1'0000'0000, 0x3'0000'0003}, 0x1'0000'0004) == kAllow);
    CHECK(with_check({1, Operator::masked, 0x1'0000'0000, 0x3'0000'0003}, 0x1'0000'0001) != kAllow);
    CHECK(with_check({1, Operator::masked, 0x1'0000'0000, 0x3'0000'0003}, 0x3'0000'0000) != kAllow);
}

TEST_CASE("a profile in Docker's form is decided for this machine and these capabilities",
          "[stage6][isolation]") {
    const Json profile = parse_json(R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
        "syscalls": [
          {"names": ["read", "no_such_call"], "action": "SCMP_ACT_ALLOW"},
          {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
          {"names": ["umount2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
           "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
          {"names": ["getpid"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["s390x"]}},
          {"names": ["getppid"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
          {"names": ["getuid"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "99.0"}},
          {"name": "kill", "action": "SCMP_ACT_ALLOW",
           "args": [{"index": 1, "value": 9, "op": "SCMP_CMP_NE"}]}]})");
    const auto program = compile_filter(parse_seccomp(resolve_profile(profile, 0)));
    CHECK(decide_call(program, SYS_read) == kAllow);
    CHECK(decide_call(program, SYS_write) == fail_with(38));
    CHECK(decide_call(program, SYS_mount) == fail_with(38));
    CHECK(decide_call(program, SYS_umount2) == fail_with(13));
    CHECK(decide_call(program, SYS_getpid) == fail_with(38));
    CHECK(decide_call(program, SYS_getppid) == kAllow);
    CHECK(decide_call(program, SYS_getuid) == fail_with(38));
    CHECK(decide_call(program, SYS_kill, {1, 15}) == kAllow);
    CHECK(decide_call(program, SYS_kill, {1, 9}) == fail_with(38));
    const auto admin =
        compile_filter(parse_seccomp(resolve_profile(profile, parse_capability("SYS_ADMIN"))));
    CHECK(decide_call(admin, SYS_mount) == kAllow);
    CHECK(decide_call(admin, SYS_umount2) == fail_with(38));
}

TEST_CASE("a profile that cannot be understood is refused and names the field",
          "[stage6][isolation]") {
    for (
        const char* text :
        {R"({"defaultAction": "SCMP_ACT_DANCE"})",
         R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "X"}]})",
         R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"],
              "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}]})",
         R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"],
              "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "op": "LIKE"}]}]})",
         R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": "all"})"}) {
        INFO(text);
        CHECK_THROWS_AS(resolve_profile(parse_json(text), 0), JsonError);
    }
}

TEST_CASE("system calls are known by name, in order", "[stage6][isolation]") {
    CHECK(number_of_system_call("read") == unsigned{SYS_read});
    CHECK(number_of_system_call("openat2") == unsigned{SYS_openat2});
    CHECK(number_of_system_call("mseal") == 462u);
    CHECK_FALSE(number_of_system_call("no_such_call"));
    const auto all = system_calls();
    CHECK(std::is_sorted(all.begin(), all.end(),
                         [](const auto& a, const auto& b) { return a.name < b.name; }));
}
