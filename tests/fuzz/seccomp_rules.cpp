// The seccomp filter: the search tree, run by a small machine here, answers each call as a plain
// look through the rules does.
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/error.hpp"
#include "stage6-daemon-shim/features/isolation/seccomp_filter.hpp"
#include "stage6-daemon-shim/features/isolation/system_calls.hpp"
#include "tests/fuzz/fuzz.hpp"

static std::uint32_t run(const std::vector<sock_filter>& program, const seccomp_data& data) {
    std::uint32_t accumulator = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const sock_filter& one = program[at];
        bool holds = false;
        switch (one.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                hold(one.k + sizeof accumulator <= sizeof data, "it reads within the data");
                std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + one.k, 4);
                continue;
            case BPF_RET | BPF_K: return one.k;
            case BPF_ALU | BPF_AND | BPF_K: accumulator &= one.k; continue;
            case BPF_JMP | BPF_JA: at += one.k; continue;
            case BPF_JMP | BPF_JEQ | BPF_K: holds = accumulator == one.k; break;
            case BPF_JMP | BPF_JGE | BPF_K: holds = accumulator >= one.k; break;
            case BPF_JMP | BPF_JGT | BPF_K: holds = accumulator > one.k; break;
            default: hold(false, "only these instructions");
        }
        at += holds ? one.jt : one.jf;
    }
    hold(false, "the program ends with an answer");
    return 0;
}

static bool passes(const ArgumentCheck& check, const seccomp_data& data) {
    using Operator = ArgumentCheck::Operator;
    const std::uint64_t argument = data.args[check.index];
    switch (check.comparison) {
        case Operator::equal: return argument == check.value;
        case Operator::not_equal: return argument != check.value;
        case Operator::less: return argument < check.value;
        case Operator::less_or_equal: return argument <= check.value;
        case Operator::greater: return argument > check.value;
        case Operator::greater_or_equal: return argument >= check.value;
        case Operator::masked: return (argument & check.mask) == check.value;
    }
    return false;
}

static std::uint32_t look_up(const SeccompRules& rules, const seccomp_data& data) {
    const auto number = static_cast<unsigned>(data.nr);
    if (number > last_system_call()) return fail_with(ENOSYS);
    for (const SeccompRule& rule : rules.rules) {
        const auto holds = [&](const ArgumentCheck& check) { return passes(check, data); };
        if (rule.number == number && std::ranges::all_of(rule.checks, holds)) return rule.action;
    }
    return rules.otherwise;
}

// Few different values, so that calls meet them.
static std::uint64_t chosen_value(Choices& choices) {
    const std::uint64_t low = choices.byte() % 4u, high = choices.byte() % 4u;
    return (high == 3 ? 0xffffffffu : high) << 32 | (low == 3 ? 0xffffffffu : low);
}

static SeccompRules chosen_rules(Choices& choices) {
    SeccompRules rules{fail_with(choices.byte()), {}};
    for (unsigned count = choices.byte() % 64u; count > 0; --count) {
        SeccompRule rule;
        rule.number = static_cast<unsigned>(choices.number(2)) % (last_system_call() + 1);
        rule.action = choices.byte() % 2 == 0 ? std::uint32_t{SECCOMP_RET_ALLOW} : fail_with(1);
        // Seldom many: as many as an attacker may write down.
        const unsigned shape = choices.byte();
        for (unsigned checks = shape % 16 == 0 ? shape : shape % 4; checks > 0; --checks) {
            rule.checks.push_back({choices.byte() % 6u,
                                   static_cast<ArgumentCheck::Operator>(choices.byte() % 7),
                                   chosen_value(choices), chosen_value(choices)});
        }
        rules.rules.push_back(std::move(rule));
    }
    return rules;
}

void check_input(std::string_view input) {
    Choices choices{input};
    const SeccompRules rules = chosen_rules(choices);
    std::vector<sock_filter> program;
    try {
        program = compile_filter(rules);
    } catch (const Failure&) {
        return;  // longer than the kernel takes
    }
    hold(program.size() <= BPF_MAXINSNS, "the kernel takes it");
    for (unsigned i = 0; i < 60; ++i) {
        seccomp_data data{};
#if defined(__x86_64__)
        data.arch = AUDIT_ARCH_X86_64;
#else
        data.arch = AUDIT_ARCH_AARCH64;
#endif
        data.nr = static_cast<int>(i < rules.rules.size() ? rules.rules[i].number : i * 7);
        for (auto& argument : data.args) argument = chosen_value(choices);
        hold(run(program, data) == look_up(rules, data), "the tree and a plain look agree");
        data.arch = AUDIT_ARCH_I386;
        hold(run(program, data) == SECCOMP_RET_KILL_PROCESS, "another machine's call kills");
    }
}
