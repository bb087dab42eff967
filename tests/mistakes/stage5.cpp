// Control groups gone wrong as in the articles' listings. What they make they also remove, which
// the listings do not.
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/options.hpp"
#include "common/process.hpp"
#include "tests/mistakes/mistake.hpp"

using Words = std::vector<std::string>;

static void say(const std::string& line) {
    print(line + "\n");
}

// The first of the usual places where a group can be made; only a place to be a member of: the
// demonstrations need no controller.
static std::string cgroup_tree() {
    for (const std::string tree :
         {"/sys/fs/cgroup/unified", "/sys/fs/cgroup", "/sys/fs/cgroup/memory"}) {
        if (file_exists(tree + "/cgroup.procs")) return tree;
    }
    throw Failure{"no cgroup tree is mounted below /sys/fs/cgroup"};
}

static pid_t start(const Words& command) {
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        try {
            execute(command, current_environment());
        } catch (const std::exception& error) {
            ::_exit(report_failure("mistake", error, 127));
        }
    }
    return pid;
}

static void remove_group(const std::string& group) {
    for (int i = 0; ::rmdir(group.c_str()) == -1 && errno == EBUSY && i < 500; ++i) {
        ::poll(nullptr, 0, 10);
    }
}

// Article 3, step 3. The parent adds the child to the group some time after the fork, when the
// command is running already. Here that time is long enough to be seen.
static int limits_afterwards(const Words& command) {
    if (command.empty()) throw Failure{"usage: mistake limits-afterwards COMMAND [ARG...]"};
    const std::string group = cgroup_tree() + "/container_" + std::to_string(::getpid());
    check(::mkdir(group.c_str(), 0755), "mkdir", group);
    const pid_t pid = start(command);
    ::poll(nullptr, 0, 1000);
    write_control_file(group + "/cgroup.procs", std::to_string(pid));
    const int exit_code = Child{pid}.wait();
    remove_group(group);
    return exit_code;
}

// A mount namespace to break things in; without root it lies in a user namespace of its own.
static void enter_throw_away_mounts() {
    const std::string user = std::to_string(::geteuid()), group = std::to_string(::getegid());
    const bool is_root = user == "0";
    check(::unshare(CLONE_NEWNS | CLONE_NEWNET | (is_root ? 0 : CLONE_NEWUSER)), "unshare");
    if (!is_root) {
        write_control_file("/proc/self/setgroups", "deny");
        write_control_file("/proc/self/uid_map", "0 " + user + " 1");
        write_control_file("/proc/self/gid_map", "0 " + group + " 1");
    }
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make private", "/");
}

// Article 3, step 3, on a machine with version 1, or with both. There /sys/fs/cgroup is no cgroup
// file system but a tmpfs in which the trees are mounted. open(path, 'w') makes plain files in it.
static int limits_in_plain_files(const Words& command) {
    if (command.empty()) throw Failure{"usage: mistake limits-in-plain-files COMMAND [ARG...]"};
    enter_throw_away_mounts();
    check(::mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, nullptr), "mount", "/sys/fs/cgroup");
    const std::string group = "/sys/fs/cgroup/container_0f3a";
    make_directories(group);
    write_file(group + "/memory.max", std::to_string(100 * 1024 * 1024) + "\n");
    write_file(group + "/cpu.max", "50000 100000\n");
    say("Created cgroup with limits:");
    say("  Memory: 100MB");
    say("  CPU: 512/1024 shares");
    const pid_t pid = start(command);
    write_file(group + "/cgroup.procs", std::to_string(pid) + "\n");
    return Child{pid}.wait();
}

// Article 3, step 3: a limit that cannot be set is a warning, and on it goes.
static int limits_or_not(const Words& command) {
    if (command.empty()) throw Failure{"usage: mistake limits-or-not COMMAND [ARG...]"};
    const std::string group = "/sys/fs/cgroup/container_" + std::to_string(::getpid());
    try {
        write_control_file(group + "/memory.max", "67108864");
    } catch (const std::exception& error) {
        say(std::string{"Warning: Could not set cgroup limits: "} + error.what());
        say("Continuing without resource limits...");
    }
    return Child{start(command)}.wait();
}

// Article 3, steps 3 and 4: a sysfs brings the directory /sys/fs/cgroup, and nothing in it.
static int sysfs_alone(const Words& command) {
    if (command.empty()) throw Failure{"usage: mistake sysfs-alone COMMAND [ARG...]"};
    enter_throw_away_mounts();
    check(::mount("sys", "/sys", "sysfs", 0, nullptr), "mount", "/sys");
    return Child{start(command)}.wait();
}

// Article 3, steps 3 and 4: what it calls shares is written to cpu.max.
static int shares_that_are_a_quota(const Words& arguments) {
    if (arguments.empty()) throw Failure{"usage: mistake shares-that-are-a-quota SHARES"};
    const long shares = parse_number(arguments[0], "SHARES", 0, 1 << 20);
    say("CPU: " + arguments[0] + "/1024 shares");
    say("cpu.max: " + std::to_string(shares * 100000 / 1024) + " 100000");
    return 0;
}

// Article 3, step 4. argparse, given two options and `nargs='+'`, takes every word with a hyphen
// for an option, whoever it is meant for.
static int parse_like_argparse(const Words& words) {
    Words command, unknown;
    std::string memory = "512", cpu = "1024";
    for (std::size_t i = 0; i < words.size(); ++i) {
        if ((words[i] == "--memory" || words[i] == "--cpu") && i + 1 < words.size()) {
            (words[i] == "--memory" ? memory : cpu) = words[i + 1];
            ++i;
        } else if (words[i].size() > 1 && words[i][0] == '-') {
            unknown.push_back(words[i]);
        } else if (unknown.empty()) {
            command.push_back(words[i]);
        } else {
            unknown.push_back(words[i]);  // it has closed the list of words
        }
    }
    const auto joined = [](const Words& all) {
        std::string text;
        for (const auto& word : all) text += " " + word;
        return text;
    };
    if (!unknown.empty()) {
        say("container.py: error: unrecognized arguments:" + joined(unknown));
        return 2;
    }
    say("command:" + joined(command) + "; memory " + memory + ", cpu " + cpu);
    return 0;
}

// Article 3, step 3: the last two words are numbers, or so it hopes.
static int last_words_are_numbers(const Words& words) {
    Words command = words;
    std::string memory = "100";
    if (words.size() > 1) memory = words[words.size() > 2 ? words.size() - 2 : 1];
    if (memory.empty() || memory.find_first_not_of("0123456789") != std::string::npos) {
        say("ValueError: invalid literal for int() with base 10: '" + memory + "'");
        return 1;
    }
    say("memory " + memory);
    return 0;
}

// Article 3: str(uuid.uuid4())[:12].
static int id_with_a_hyphen(const Words&) {
    std::array<unsigned char, 6> bytes;
    check(::getrandom(bytes.data(), bytes.size(), 0), "getrandom");
    std::string id;
    for (const unsigned byte : bytes) {
        if (id.size() == 8) id += '-';
        for (const unsigned digit : {byte >> 4, byte & 15}) id += "0123456789abcdef"[digit];
    }
    say("[" + id.substr(0, 12) + "] Starting container...");
    return 0;
}

// Article 4, step 3: one name for all, and nobody removes it.
static int one_group_for_all(const Words& commands) {
    if (commands.empty()) throw Failure{"usage: mistake one-group-for-all COMMAND..."};
    const std::string name = "minicontainer_" + std::to_string(::getpid());
    const std::string group = cgroup_tree() + "/" + name;
    std::vector<Child> children;
    for (const auto& command : commands) {
        if (::mkdir(group.c_str(), 0755) == -1) say("the group is there already, and is used");
        const pid_t pid = start({"sh", "-c", "exec " + command});
        write_control_file(group + "/cgroup.procs", std::to_string(pid));
        children.emplace_back(pid);
    }
    const std::string members = read_file(group + "/cgroup.procs");
    say(std::to_string(std::count(members.begin(), members.end(), '\n')) +
        " containers share it, and its limits");
    for (Child& child : children) child.wait();
    if (file_exists(group)) say("all have ended, and it is still there");
    remove_group(group);
    return 0;
}

// With cgroup.procs the kernel moves a whole process, and the first such move
// after some quiet waits until every processor has passed a quiet point (RCU, see the chapter).
static int move_after_a_pause(const Words& arguments) {
    const long pause = arguments.empty() ? 100 : parse_number(arguments[0], "MS", 0, 10000);
    const std::string group = cgroup_tree() + "/container_" + std::to_string(::getpid());
    check(::mkdir(group.c_str(), 0755), "mkdir", group);
    const auto milliseconds = [] {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
    };
    for (const long quiet : {pause, 0L}) {
        Child child{start({"sleep", "60"})};
        ::poll(nullptr, 0, static_cast<int>(quiet));
        const double before = milliseconds();
        write_control_file(group + "/cgroup.procs", std::to_string(child.pid()));
        const double taken = milliseconds() - before;
        char line[100];
        std::snprintf(line, sizeof line, "after %ld ms of quiet the move took %.2f ms", quiet,
                      taken);
        say(line);
    }
    remove_group(group);
    return 0;
}

std::vector<Mistake> stage5_mistakes() {
    return {
        {"limits-afterwards", "a command that starts before it is in its group", limits_afterwards},
        {"limits-in-plain-files", "limits written to a tmpfs, and success", limits_in_plain_files},
        {"limits-or-not", "a limit that cannot be set is a warning", limits_or_not},
        {"shares-that-are-a-quota", "what is called shares is written to cpu.max",
         shares_that_are_a_quota},
        {"parse-like-argparse", "options of ours among the command's own", parse_like_argparse},
        {"last-words-are-numbers", "options without names", last_words_are_numbers},
        {"id-with-a-hyphen", "twelve characters of a UUID", id_with_a_hyphen},
        {"sysfs-alone", "/sys/fs/cgroup with nothing in it", sysfs_alone},
        {"one-group-for-all", "one name for all groups, never removed", one_group_for_all},
        {"move-after-a-pause", "what a write to cgroup.procs costs, cold and hot",
         move_after_a_pause},
    };
}
