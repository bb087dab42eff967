#include "stage6-daemon-shim/features/observe/process_columns.hpp"

#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage5-cgroups/hierarchies.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

using Process = ProcessFacts;
using Context = ProcessContext;

// When the machine was started, in seconds since 1970. Not what is left of now when the time since
// then is taken away: both are rounded, so that would be another second at another look.
static std::int64_t boot_time() {
    const auto words = words_of(read_file("/proc/stat"));
    const auto at = std::ranges::find(words, "btime");
    return at == words.end() || at + 1 == words.end() ? 0 : std::stoll(at[1]);
}

ProcessContext::ProcessContext()
    : users{file_exists("/etc/passwd") ? read_file("/etc/passwd") : ""},
      groups{file_exists("/etc/group") ? read_file("/etc/group") : ""},
      now{::time(nullptr)},
      ticks{static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK))} {
    struct sysinfo machine {};
    ::sysinfo(&machine);
    memory = std::uint64_t{machine.totalram} * machine.mem_unit;
    uptime = std::stod(read_file("/proc/uptime"));
    booted = boot_time();
}

// --- forms --------------------------------------------------------------------------------------

template <class... Values>
static std::string formatted(const char* format, Values... values) {
    char text[64];
    const int size = std::snprintf(text, sizeof text, format, values...);
    return {text, std::min(static_cast<std::size_t>(size), sizeof text - 1)};
}

// "name:x:0:..." of a line whose third field is the number.
static std::string name_of_id(const std::string& table, unsigned id) {
    for (const auto& line : words_of(table, "\n")) {
        const auto fields = words_of(line, ":");
        if (fields.size() > 2 && fields[2] == std::to_string(id)) return fields[0];
    }
    return std::to_string(id);
}

static long seconds_of(std::uint64_t ticks, const Context& context) {
    return static_cast<long>(ticks / context.ticks);
}

static long elapsed(const Process& process, const Context& context) {
    const auto started =
        static_cast<double>(process.started_ticks) / static_cast<double>(context.ticks);
    return std::max(0L, static_cast<long>(context.uptime - started));
}

static std::string clock_text(long seconds) {
    return formatted("%02ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

// "[[DD-]hh:]mm:ss"
static std::string elapsed_text(long seconds) {
    const long days = seconds / 86400, hours = seconds / 3600 % 24;
    const std::string end = formatted("%02ld:%02ld", seconds / 60 % 60, seconds % 60);
    if (days > 0) return formatted("%ld-%02ld:", days, hours) + end;
    return hours > 0 ? formatted("%02ld:", hours) + end : end;
}

static double cpu_share(const Process& process, const Context& context) {
    const long life = elapsed(process, context);
    const double used = static_cast<double>(process.cpu_ticks) / static_cast<double>(context.ticks);
    return life == 0 ? 0 : 100 * used / static_cast<double>(life);
}

// "15:04" of one that was started today, otherwise "Jan02".
static std::string start_text(const Process& process, const Context& context) {
    const time_t started =
        context.booted + static_cast<std::int64_t>(process.started_ticks / context.ticks);
    tm parts{};
    ::localtime_r(&started, &parts);
    char text[32];
    const bool today = context.now - started < 24 * 60 * 60;
    return {text, ::strftime(text, sizeof text, today ? "%H:%M" : "%b%d", &parts)};
}

static std::string terminal_text(const Process& process) {
    constexpr unsigned consoles = 4, first_pseudo = 136, last_pseudo = 143;
    const auto device = static_cast<dev_t>(process.terminal);
    if (device == 0) return "?";
    if (major(device) >= first_pseudo && major(device) <= last_pseudo) {
        return formatted("pts/%u", (major(device) - first_pseudo) * 256 + minor(device));
    }
    if (major(device) == consoles) return formatted("tty%u", minor(device));
    return formatted("%u,%u", major(device), minor(device));
}

// "Ss+": the state, then what stands out.
static std::string state_text(const Process& process) {
    std::string text(1, process.state);
    if (process.nice < 0) text += '<';
    if (process.nice > 0) text += 'N';
    if (process.session == process.pid) text += 's';
    if (process.threads > 1) text += 'l';
    if (process.foreground_group == process.group) text += '+';
    return text;
}

static std::string command_text(const Process& process) {
    if (!process.command.empty()) return printable(process.command);
    const std::string dead = process.state == 'Z' ? " <defunct>" : "";
    return "[" + printable(process.name) + "]" + dead;
}

// --- columns ------------------------------------------------------------------------------------

static constexpr ProcessColumn kColumns[] = {
    {"pid", "PID", [](const Process& p, const Context&) { return std::to_string(p.pid); }},
    {"ppid", "PPID", [](const Process& p, const Context&) { return std::to_string(p.parent); }},
    {"pgid", "PGID", [](const Process& p, const Context&) { return std::to_string(p.group); }},
    {"sid", "SID", [](const Process& p, const Context&) { return std::to_string(p.session); }},
    {"uid", "UID", [](const Process& p, const Context&) { return std::to_string(p.user); }},
    {"user", "USER",
     [](const Process& p, const Context& c) { return name_of_id(c.users, p.user); }},
    {"gid", "GID", [](const Process& p, const Context&) { return std::to_string(p.user_group); }},
    {"group", "GROUP",
     [](const Process& p, const Context& c) { return name_of_id(c.groups, p.user_group); }},
    {"comm", "COMMAND", [](const Process& p, const Context&) { return printable(p.name); }},
    {"args", "COMMAND", [](const Process& p, const Context&) { return command_text(p); }},
    {"command", "COMMAND", [](const Process& p, const Context&) { return command_text(p); }},
    {"cmd", "CMD", [](const Process& p, const Context&) { return command_text(p); }},
    {"stat", "STAT", [](const Process& p, const Context&) { return state_text(p); }},
    {"state", "S", [](const Process& p, const Context&) { return std::string(1, p.state); }},
    {"s", "S", [](const Process& p, const Context&) { return std::string(1, p.state); }},
    {"tty", "TT", [](const Process& p, const Context&) { return terminal_text(p); }},
    {"tname", "TTY", [](const Process& p, const Context&) { return terminal_text(p); }},
    {"nice", "NI", [](const Process& p, const Context&) { return std::to_string(p.nice); }},
    {"ni", "NI", [](const Process& p, const Context&) { return std::to_string(p.nice); }},
    {"pri", "PRI",
     [](const Process& p, const Context&) { return std::to_string(39 - p.priority); }},
    {"nlwp", "NLWP", [](const Process& p, const Context&) { return std::to_string(p.threads); }},
    {"rss", "RSS",
     [](const Process& p, const Context&) { return std::to_string(p.resident_bytes / 1024); }},
    {"vsz", "VSZ",
     [](const Process& p, const Context&) { return std::to_string(p.virtual_bytes / 1024); }},
    {"%cpu", "%CPU",
     [](const Process& p, const Context& c) { return formatted("%.1f", cpu_share(p, c)); }},
    {"pcpu", "%CPU",
     [](const Process& p, const Context& c) { return formatted("%.1f", cpu_share(p, c)); }},
    {"c", "C",
     [](const Process& p, const Context& c) {
         return std::to_string(std::min(99L, static_cast<long>(cpu_share(p, c))));
     }},
    {"%mem", "%MEM",
     [](const Process& p, const Context& c) {
         return formatted(
             "%.1f", 100 * static_cast<double>(p.resident_bytes) / static_cast<double>(c.memory));
     }},
    {"time", "TIME",
     [](const Process& p, const Context& c) { return clock_text(seconds_of(p.cpu_ticks, c)); }},
    {"etime", "ELAPSED",
     [](const Process& p, const Context& c) { return elapsed_text(elapsed(p, c)); }},
    {"etimes", "ELAPSED",
     [](const Process& p, const Context& c) { return std::to_string(elapsed(p, c)); }},
    {"stime", "STIME", start_text},
    {"start", "START", start_text},
};

static ProcessColumn column(std::string_view name, std::string_view title = {}) {
    if (name == "pmem") name = "%mem";
    if (name == "tt") name = "tty";
    if (name == "thcount") name = "nlwp";
    const auto found = std::ranges::find(kColumns, name, &ProcessColumn::name);
    if (found == std::end(kColumns)) {
        throw HttpError{400, "top: no column is called " + printable(name)};
    }
    ProcessColumn result = *found;
    if (!title.empty()) result.title = title;
    return result;
}

static std::vector<ProcessColumn> full_columns() {
    return {column("user", "UID"), column("pid"),   column("ppid"), column("c"),
            column("stime"),       column("tname"), column("time"), column("cmd")};
}

static std::string minutes_text(const Process& process, const Context& context) {
    const long seconds = seconds_of(process.cpu_ticks, context);
    return formatted("%ld:%02ld", seconds / 60, seconds % 60);
}

static std::vector<ProcessColumn> user_columns() {
    return {column("user"),  column("pid"),
            column("%cpu"),  column("%mem"),
            column("vsz"),   column("rss"),
            column("tname"), column("stat"),
            column("start"), {"time", "TIME", minutes_text},
            column("args")};
}

std::vector<ProcessColumn> columns_for(std::string_view ps_arguments) {
    std::vector<ProcessColumn> listed;
    bool by_user = false;
    const auto add_list = [&](std::string_view list) {
        for (const auto& name : words_of(list, ",")) listed.push_back(column(name));
    };
    const auto words = words_of(ps_arguments);
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string_view letters = words[i];
        if (letters.starts_with('-')) letters.remove_prefix(1);
        for (; !letters.empty(); letters.remove_prefix(1)) {
            const char letter = letters[0];
            if (letter == 'o') {
                letters.remove_prefix(1);
                if (letters.empty() && ++i < words.size()) letters = words[i];
                if (letters.empty()) throw HttpError{400, "top: -o names no column"};
                add_list(letters);
                break;
            }
            if (letter == 'u') by_user = true;
            // Which processes: all of the container's in any case. How wide: as wide as it is.
            if (std::string_view{"uefaAxwd"}.find(letter) == std::string_view::npos) {
                throw HttpError{400, "top: ps arguments " + printable(ps_arguments) +
                                         " are not known: there are -ef, aux and -o LIST"};
            }
        }
    }
    if (!listed.empty()) return listed;
    return by_user ? user_columns() : full_columns();
}
