#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "common/error.hpp"
#include "stage6-daemon-shim/features/isolation/devices.hpp"

// --- version 2: a program -----------------------------------------------------------------------

using Program = std::vector<bpf_insn>;

enum Register : std::uint8_t { result, context, type, wanted, major_number, minor_number, scratch };

static bpf_insn instruction(int code, Register to, Register from, std::int16_t offset,
                            std::int32_t value) {
    bpf_insn made{};
    made.code = static_cast<std::uint8_t>(code);
    made.dst_reg = to & 15;
    made.src_reg = from & 15;
    made.off = offset;
    made.imm = value;
    return made;
}

static bpf_insn load_word(Register to, std::size_t offset) {
    return instruction(BPF_LDX | BPF_MEM | BPF_W, to, context, static_cast<std::int16_t>(offset),
                       0);
}

static bpf_insn compute(int operation, Register to, std::int32_t value) {
    return instruction(BPF_ALU64 | operation | BPF_K, to, result, 0, value);
}

static bpf_insn leave() {
    return instruction(BPF_JMP | BPF_EXIT, result, result, 0, 0);
}

static std::int32_t access_bits(const std::string& letters) {
    std::int32_t bits = 0;
    for (const char letter : letters) {
        bits |= letter == 'r'   ? BPF_DEVCG_ACC_READ
                : letter == 'w' ? BPF_DEVCG_ACC_WRITE
                                : BPF_DEVCG_ACC_MKNOD;
    }
    return bits;
}

// Allows what the rule allows, and goes on behind itself for all else.
static Program rule_program(const DeviceRule& rule) {
    Program program;
    const auto unless_equal = [&](Register value, std::int32_t number) {
        program.push_back(instruction(BPF_JMP | BPF_JNE | BPF_K, value, result, 0, number));
    };
    if (rule.type != 'a') {
        unless_equal(type, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    }
    program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, scratch, wanted, 0, 0));
    program.push_back(compute(BPF_AND, scratch, ~access_bits(rule.access)));
    unless_equal(scratch, 0);
    if (rule.major >= 0) unless_equal(major_number, rule.major);
    if (rule.minor >= 0) unless_equal(minor_number, rule.minor);
    program.push_back(compute(BPF_MOV, result, 1));
    program.push_back(leave());
    for (std::size_t at = 0; at < program.size(); ++at) {
        if (program[at].code != (BPF_JMP | BPF_JNE | BPF_K)) continue;
        program[at].off = static_cast<std::int16_t>(program.size() - at - 1);
    }
    return program;
}

std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules) {
    Program program = {load_word(type, offsetof(bpf_cgroup_dev_ctx, access_type)),
                       load_word(major_number, offsetof(bpf_cgroup_dev_ctx, major)),
                       load_word(minor_number, offsetof(bpf_cgroup_dev_ctx, minor)),
                       instruction(BPF_ALU64 | BPF_MOV | BPF_X, wanted, type, 0, 0),
                       compute(BPF_RSH, wanted, 16),
                       compute(BPF_AND, type, 0xffff)};
    for (const DeviceRule& rule : rules) {
        for (const bpf_insn& one : rule_program(rule)) program.push_back(one);
    }
    program.push_back(compute(BPF_MOV, result, 0));
    program.push_back(leave());
    return program;
}

static int bpf(int command, bpf_attr& attributes) {
    return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

// bpf(2). The group holds the program from then on.
static void attach_program(const std::string& group, const Program& program) {
    bpf_attr load{};
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insns = reinterpret_cast<std::uintptr_t>(program.data());
    load.insn_cnt = static_cast<std::uint32_t>(program.size());
    load.license = reinterpret_cast<std::uintptr_t>("MIT");
    const Fd loaded{check(bpf(BPF_PROG_LOAD, load), "load", "the device program")};
    const Fd directory{
        check(::open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", group)};
    bpf_attr attach{};
    attach.target_fd = static_cast<std::uint32_t>(directory.get());
    attach.attach_bpf_fd = static_cast<std::uint32_t>(loaded.get());
    attach.attach_type = BPF_CGROUP_DEVICE;
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    check(bpf(BPF_PROG_ATTACH, attach), "attach the device program to", group);
}

// --- version 1: two files -----------------------------------------------------------------------

static std::string number_or_any(int number) {
    return number < 0 ? "*" : std::to_string(number);
}

static void write_rules(const std::string& group, const std::vector<DeviceRule>& rules) {
    write_cgroup_file(group, "devices.deny", "a");
    const std::string path = group + "/devices.allow";
    const Fd file{check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open", path)};
    for (const DeviceRule& rule : rules) {
        const std::string text = std::string(1, rule.type) + " " + number_or_any(rule.major) + ":" +
                                 number_or_any(rule.minor) + " " + rule.access;
        check(::write(file.get(), text.data(), text.size()), "write", path);
    }
}

// --- either -------------------------------------------------------------------------------------

static std::vector<DeviceRule> rules_of(const JsonReader& resources) {
    std::vector<DeviceRule> rules;
    for (const JsonReader& entry : resources.get_objects("devices")) {
        if (!entry.get_bool("allow")) continue;
        const std::string type = entry.get_string("type", "a");
        rules.push_back({type[0], static_cast<int>(entry.get_integer("major", -1)),
                         static_cast<int>(entry.get_integer("minor", -1)),
                         entry.get_string("access", "rwm")});
    }
    return rules;
}

static void take_mknod_away(Json& document) {
    Json& sets = document["process"]["capabilities"];
    for (const char* set : {"bounding", "effective", "permitted"}) {
        Json left = Json::array();
        for (const auto& name : JsonReader{sets}.get_strings(set)) {
            if (name != "CAP_MKNOD") left.push_back(name);
        }
        sets[set] = std::move(left);
    }
}

void apply_device_policy(Spec& spec, Cgroup* cgroup) {
    const JsonReader linux_part = JsonReader{spec.document}.get_object("linux");
    const JsonReader resources = linux_part.get_object("resources");
    // Without root the control group is not ours; and in a user namespace devices can neither be
    // made nor, through our mounts, opened.
    if (!resources.has("devices") || ::geteuid() != 0) return;
    const auto rules = rules_of(resources);
    try {
        if (cgroup == nullptr) throw Failure{"no control group"};
        const std::string v1_group = cgroup->group_of("devices");
        if (!v1_group.empty()) return write_rules(v1_group, rules);
        const std::string v2_group = cgroup->group_on_v2();
        if (v2_group.empty()) throw Failure{"no version 2 group"};
        attach_program(v2_group, device_program(rules));
    } catch (const std::exception&) {
        take_mknod_away(spec.document);
    }
}
