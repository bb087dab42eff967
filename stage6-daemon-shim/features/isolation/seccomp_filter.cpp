#include "stage6-daemon-shim/features/isolation/seccomp_filter.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <map>
#include <span>

#include "common/error.hpp"
#include "stage6-daemon-shim/features/isolation/system_calls.hpp"

using Program = std::vector<sock_filter>;

#if defined(__x86_64__)
static constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
static constexpr std::uint32_t kX32Bit = 0x40000000;  // asm/unistd.h: __X32_SYSCALL_BIT

static constexpr auto kJumpMax = std::numeric_limits<std::uint8_t>::max();

std::uint32_t fail_with(int error) {
    return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA);
}

static sock_filter statement(std::uint16_t code, std::uint32_t value) {
    return {code, 0, 0, value};
}

static sock_filter load(std::size_t offset) {
    return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

static sock_filter answer(std::uint32_t action) {
    return statement(BPF_RET | BPF_K, action);
}

// Where a comparison goes on when it fails: to the end of its rule, which is filled in later.
static constexpr std::uint8_t kNextRule = kJumpMax;

static sock_filter jump(std::uint16_t comparison, std::uint32_t value, std::uint8_t if_true,
                        std::uint8_t if_false) {
    return {static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), if_true, if_false, value};
}

static void append(Program& program, const Program& more) {
    program.insert(program.end(), more.begin(), more.end());
}

// --- one rule -----------------------------------------------------------------------------------

// An argument has 64 bits, the machine 32: the upper half decides unless it is equal.
static Program check_argument(const ArgumentCheck& check) {
    using Operator = ArgumentCheck::Operator;
    const std::size_t lower = offsetof(seccomp_data, args) + check.index * sizeof(std::uint64_t);
    const auto high = static_cast<std::uint32_t>(check.value >> 32);
    const auto low = static_cast<std::uint32_t>(check.value);
    const sock_filter load_high = load(lower + sizeof(std::uint32_t)), load_low = load(lower);
    switch (check.comparison) {
        case Operator::equal:
            return {load_high, jump(BPF_JEQ, high, 0, kNextRule),  //
                    load_low, jump(BPF_JEQ, low, 0, kNextRule)};
        case Operator::not_equal:
            return {load_high, jump(BPF_JEQ, high, 0, 2),  //
                    load_low, jump(BPF_JEQ, low, kNextRule, 0)};
        case Operator::masked: {
            const auto mask = [&](int shift) {
                return statement(BPF_ALU | BPF_AND | BPF_K,
                                 static_cast<std::uint32_t>(check.mask >> shift));
            };
            return {load_high, mask(32), jump(BPF_JEQ, high, 0, kNextRule),
                    load_low,  mask(0),  jump(BPF_JEQ, low, 0, kNextRule)};
        }
        case Operator::greater:
        case Operator::greater_or_equal: {
            const auto last = check.comparison == Operator::greater ? BPF_JGT : BPF_JGE;
            return {load_high, jump(BPF_JGT, high, 3, 0), jump(BPF_JEQ, high, 0, kNextRule),
                    load_low, jump(static_cast<std::uint16_t>(last), low, 0, kNextRule)};
        }
        case Operator::less:
        case Operator::less_or_equal: {
            const auto last = check.comparison == Operator::less ? BPF_JGE : BPF_JGT;
            return {load_high, jump(BPF_JGT, high, kNextRule, 0), jump(BPF_JEQ, high, 0, 2),
                    load_low, jump(static_cast<std::uint16_t>(last), low, kNextRule, 0)};
        }
    }
    return {};
}

// The checks, then the action; every check that fails jumps behind it.
static Program rule_program(const SeccompRule& rule) {
    Program program;
    for (const ArgumentCheck& check : rule.checks) append(program, check_argument(check));
    program.push_back(answer(rule.action));
    if (program.size() > kJumpMax) throw Failure{"seccomp: a rule has too many checks"};
    for (std::size_t at = 0; at < program.size(); ++at) {
        if (BPF_CLASS(program[at].code) != BPF_JMP) continue;
        const auto to_end = static_cast<std::uint8_t>(program.size() - at - 1);
        if (program[at].jt == kNextRule) program[at].jt = to_end;
        if (program[at].jf == kNextRule) program[at].jf = to_end;
    }
    return program;
}

// --- all calls ----------------------------------------------------------------------------------

// From this number up to the next branch's, calls are decided by this program.
struct Branch {
    std::uint32_t first;
    Program program;
};

static bool operator==(const sock_filter& left, const sock_filter& right) {
    return left.code == right.code && left.jt == right.jt && left.jf == right.jf &&
           left.k == right.k;
}

// A branch that decides as the one before it does is one with it.
static void add_branch(std::vector<Branch>& branches, std::uint32_t first, Program program) {
    if (!branches.empty() && std::ranges::equal(branches.back().program, program)) return;
    branches.push_back({first, std::move(program)});
}

static std::vector<Branch> branches_of(const SeccompRules& rules) {
    std::map<unsigned, Program> by_number;
    for (const SeccompRule& rule : rules.rules) append(by_number[rule.number], rule_program(rule));
    const Program otherwise = {answer(rules.otherwise)};
    std::vector<Branch> branches;
    std::uint32_t next = 0;
    for (auto& [number, program] : by_number) {
        if (number != next) add_branch(branches, next, otherwise);
        if (program.size() > 1) append(program, otherwise);  // where no rule's checks hold
        add_branch(branches, number, std::move(program));
        next = number + 1;
    }
    if (next <= last_system_call()) add_branch(branches, next, otherwise);
    add_branch(branches, std::max(next, last_system_call() + 1), {answer(fail_with(ENOSYS))});
    return branches;
}

// A search tree: some eight comparisons, where a chain would take three hundred for each call.
static Program search_tree(std::span<const Branch> branches) {
    if (branches.size() == 1) return branches[0].program;
    const std::size_t middle = branches.size() / 2;
    const Program below = search_tree(branches.first(middle));
    const Program above = search_tree(branches.subspan(middle));
    Program program;
    const auto distance = static_cast<std::uint32_t>(below.size());
    if (distance < kJumpMax) {
        program.push_back(
            jump(BPF_JGE, branches[middle].first, static_cast<std::uint8_t>(distance), 0));
    } else {
        // A comparison jumps 255 instructions at most, a plain jump any number.
        program.push_back(jump(BPF_JGE, branches[middle].first, 0, 1));
        program.push_back(statement(BPF_JMP | BPF_JA, distance));
    }
    append(program, below);
    append(program, above);
    return program;
}

std::vector<sock_filter> compile_filter(const SeccompRules& rules) {
    Program program = {load(offsetof(seccomp_data, arch)), jump(BPF_JEQ, kArchitecture, 1, 0),
                       answer(SECCOMP_RET_KILL_PROCESS), load(offsetof(seccomp_data, nr))};
#if defined(__x86_64__)
    program.push_back(jump(BPF_JGE, kX32Bit, 0, 1));
    program.push_back(answer(fail_with(ENOSYS)));
#endif
    append(program, search_tree(branches_of(rules)));
    if (program.size() > BPF_MAXINSNS) throw Failure{"seccomp: the profile has too many rules"};
    return program;
}
