#include "stage6-daemon-shim/core/wire/default_paths.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "common/error.hpp"

static std::string environment_value(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// /tmp/PROGRAM-UID. Anybody may make such a name in /tmp before we do.
static std::string private_directory(const std::string& program) {
    std::string path = "/tmp/" + program + "-" + std::to_string(::geteuid());
    if (::mkdir(path.c_str(), 0700) == -1 && errno != EEXIST) {
        throw SystemError{errno, "mkdir", path};
    }
    struct stat status {};
    check(::lstat(path.c_str(), &status), "lstat", path);
    if (!S_ISDIR(status.st_mode)) throw Failure{path + ": not a directory; remove it"};
    if (status.st_uid != ::geteuid()) throw Failure{path + ": belongs to another user"};
    if ((status.st_mode & 077) != 0) {
        throw Failure{path + ": open to other users (chmod 700 it, or remove it)"};
    }
    return path;
}

// The value of the first variable, for a user who is not root; else the private directory.
static std::string user_directory(const std::string& program, const char* variable) {
    const std::string directory = environment_value(variable);
    // The specification of these variables says that a relative path is to be ignored.
    return directory.starts_with('/') ? directory : private_directory(program);
}

std::string default_socket(std::string_view program) {
    const std::string name{program};
    const char* variable = name == "slipway" ? "SLIPWAY_HOST" : "ORCHESTRATOR_SOCKET";
    const std::string address = environment_value(variable);
    if (!address.empty()) return socket_path_of(address, variable);
    if (::geteuid() == 0) return "/run/" + name + ".sock";
    return user_directory(name, "XDG_RUNTIME_DIR") + "/" + name + ".sock";
}

std::string default_root(std::string_view program) {
    const std::string name{program};
    std::string root = environment_value("SLIPWAY_ROOT");
    if (!root.empty()) return root;
    if (::geteuid() == 0) return "/var/lib/" + name;
    return user_directory(name, "XDG_DATA_HOME") + "/" + name;
}

std::string socket_path_of(std::string_view address, std::string_view what) {
    static constexpr std::string_view scheme = "unix://";
    std::string_view path = address;
    if (path.starts_with(scheme)) {
        path.remove_prefix(scheme.size());
    } else if (path.find("://") != std::string_view::npos) {
        throw UsageError{std::string{what} + " " + printable(address) +
                         ": only unix:// and a path are understood"};
    }
    if (path.empty()) throw UsageError{std::string{what} + ": the path of the socket is empty"};
    return std::string{path};
}
