#include "stage6-daemon-shim/core/client/body_options.hpp"

#include <limits.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"

Option text_field(std::string_view names, std::string_view argument, std::string_view help,
                  BodyField field) {
    return {names, argument, help, [field](std::string_view text) { field.get() = text; }};
}

Option switch_field(std::string_view names, std::string_view help, BodyField field) {
    return {names, "", help, [field](std::string_view) { field.get() = true; }};
}

// The last of an option's names: "--cpu-shares".
static std::string_view long_name(std::string_view names) {
    return names.substr(names.rfind(' ') + 1);
}

Option number_field(std::string_view names, std::string_view help, BodyField field, long smallest) {
    return {names, "N", help, [field, names, smallest](std::string_view text) {
                field.get() = parse_number(text, long_name(names), smallest, INT_MAX);
            }};
}

Option bytes_field(std::string_view names, std::string_view help, BodyField field) {
    return {names, "SIZE", help, [field, names](std::string_view text) {
                field.get() = text == "-1" ? -1 : parse_bytes(text, long_name(names));
            }};
}

Option list_field(std::string_view names, std::string_view argument, std::string_view help,
                  BodyField field) {
    return {names, argument, help, [field](std::string_view text) { field.get().push_back(text); }};
}

Option member_field(std::string_view names, std::string_view help, BodyField field) {
    return {names, "NAME=VALUE", help, [field](std::string_view text) {
                const auto at = std::min(text.find('='), text.size());
                field.get()[text.substr(0, at)] = at == text.size() ? "" : text.substr(at + 1);
            }};
}

std::vector<Option> limit_options(Json& body, bool of_host) {
    const auto field = [&body, of_host](const char* name) {
        return BodyField{body, name, of_host};
    };
    const BodyField cpus = field("NanoCpus");
    return {
        bytes_field("-m --memory", "how much memory it may use: 64m, 1g", field("Memory")),
        bytes_field("--memory-swap", "memory and swap together; -1 for any amount",
                    field("MemorySwap")),
        bytes_field("--memory-reservation", "how much memory it keeps when memory is short",
                    field("MemoryReservation")),
        {"--cpus", "N", "how many CPUs it may use: 0.5",
         [cpus](std::string_view text) { cpus.get() = parse_nano_cpus(text, "--cpus"); }},
        number_field("-c --cpu-shares", "its weight when CPUs are short (1024)", field("CpuShares"),
                     0),
        text_field("--cpuset-cpus", "LIST", "which CPUs it may run on: 0-2,5", field("CpusetCpus")),
        number_field("--pids-limit", "how many processes it may have; -1 for any number",
                     field("PidsLimit"), -1),
    };
}

Json parse_restart_policy(std::string_view text) {
    const auto colon = std::min(text.find(':'), text.size());
    const std::string_view name = text.substr(0, colon);
    constexpr std::string_view known[] = {"no", "always", "unless-stopped", "on-failure"};
    const bool counted = colon != text.size();
    if (std::ranges::find(known, name) == std::end(known) || (counted && name != "on-failure")) {
        throw UsageError{"--restart " + printable(text) +
                         ": there are no, always, unless-stopped, on-failure and on-failure:N"};
    }
    const long most = counted ? parse_number(text.substr(colon + 1), "--restart", 0, INT_MAX) : 0;
    return Json::object({{"Name", name}, {"MaximumRetryCount", most}});
}

// One "name=value" of --mount.
static void set_mount_option(std::string_view name, std::string_view value, Json& mount) {
    if (name == "type") {
        mount["Type"] = value;
    } else if (name == "source" || name == "src") {
        mount["Source"] = value;
    } else if (name == "target" || name == "dst" || name == "destination") {
        mount["Target"] = value;
    } else if (name == "readonly" || name == "ro") {
        mount["ReadOnly"] = value.empty() || value == "true" || value == "1";
    } else if (name == "bind-propagation") {
        mount["BindOptions"]["Propagation"] = value;
    } else if (name == "tmpfs-size") {
        mount["TmpfsOptions"]["SizeBytes"] = parse_bytes(value, "--mount tmpfs-size");
    } else if (name == "tmpfs-mode") {
        char* end = nullptr;
        const std::string digits{value};
        mount["TmpfsOptions"]["Mode"] = std::strtol(digits.c_str(), &end, 8);
        if (digits.empty() || *end != '\0') {
            throw UsageError{"--mount tmpfs-mode=" + printable(value) + ": expected octal digits"};
        }
    } else {
        throw UsageError{"--mount: " + printable(name) +
                         " is not known: there are type, source, target, readonly, "
                         "bind-propagation, tmpfs-size, tmpfs-mode"};
    }
}

Json parse_mount(std::string_view text) {
    Json mount = Json::object({{"Type", "volume"}});
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        const std::string_view word = rest.substr(0, comma);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const auto equals = std::min(word.find('='), word.size());
        const std::string_view value = word.substr(std::min(equals + 1, word.size()));
        set_mount_option(word.substr(0, equals), value, mount);
    }
    if (mount.find("Target") == nullptr) {
        throw UsageError{"--mount " + printable(text) + ": target is required"};
    }
    return mount;
}

std::string absolute_bind(std::string_view text) {
    if (!text.starts_with("./") && !text.starts_with("../") && !text.starts_with(".:")) {
        return std::string{text};
    }
    char here[PATH_MAX];
    if (::getcwd(here, sizeof here) == nullptr) throw SystemError{errno, "getcwd"};
    if (text.starts_with(".:")) return here + std::string{text.substr(1)};
    return std::string{here} + "/" + std::string{text};
}

std::vector<std::string> lines_of_settings(const std::string& path) {
    std::vector<std::string> lines;
    const std::string text = read_file(path);
    for (std::size_t start = 0; start < text.size();) {
        const auto end = std::min(text.find('\n', start), text.size());
        std::string line = text.substr(start, end - start);
        start = end + 1;
        line.erase(0, std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty() && line[0] != '#') lines.push_back(std::move(line));
    }
    return lines;
}
