#include "stage6-daemon-shim/features/isolation/security_options.hpp"

#include "common/error.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/features/isolation/security_label.hpp"

static bool parse_switch(const std::string& option, const std::string& value) {
    if (value == "true" || value == "1" || value.empty()) return true;
    if (value == "false" || value == "0") return false;
    throw HttpError{400, "invalid --security-opt 2: \"" + option + "\""};
}

static void take_seccomp(const std::string& value, SecurityOptions& options) {
    if (value == "unconfined") {
        options.seccomp_unconfined = true;
    } else if (value != "builtin") {
        try {
            options.seccomp_profile = parse_json(value);
        } catch (const JsonError& error) {
            throw HttpError{400, std::string{"Decoding seccomp profile failed: "} + error.what()};
        }
    }
}

static void take_apparmor(const std::string& value, SecurityOptions& options) {
    if (value == "unconfined") return;
    if (!has_apparmor()) {
        throw HttpError{400, "apparmor=" + value + ": this machine has no AppArmor"};
    }
    options.apparmor = value;
}

static void take_label(const std::string& value, SecurityOptions& options) {
    if (value == "disable") return;
    if (!has_selinux()) throw HttpError{400, "label=" + value + ": this machine has no SELinux"};
    // SIMPLIFIED: the daemon of a machine with SELinux would merge user, role, type and level with
    // the default label of its policy; here the label is given whole.
    options.selinux = value;
}

SecurityOptions parse_security_options(const std::vector<std::string>& all) {
    SecurityOptions options;
    for (const auto& option : all) {
        // Older clients write a colon.
        const auto separator = option.find_first_of("=:");
        const std::string name = option.substr(0, separator);
        const std::string value =
            separator == std::string::npos ? "" : option.substr(separator + 1);
        if (name == "no-new-privileges") {
            options.no_new_privileges = parse_switch(option, value);
            continue;
        }
        if (separator == std::string::npos) {
            throw HttpError{400, "invalid --security-opt 1: \"" + option + "\""};
        }
        if (name == "seccomp") {
            take_seccomp(value, options);
        } else if (name == "apparmor") {
            take_apparmor(value, options);
        } else if (name == "label") {
            take_label(value, options);
        } else {
            throw HttpError{400, "invalid --security-opt 2: \"" + option + "\""};
        }
    }
    return options;
}
