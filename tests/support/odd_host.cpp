#include "tests/support/odd_host.hpp"

#include <sys/stat.h>

#include <cstdlib>

#include "common/error.hpp"
#include "tests/support/testing.hpp"

const std::vector<OddHost> kOddHosts = {
    {"files are for their owner alone", "umask 077"},
    {"another locale, not of UTF-8", "export LC_ALL=tr_TR.ISO-8859-9 LANG=tr_TR.ISO-8859-9"},
    {"64 descriptors", "ulimit -n 64"},
    {"a home that cannot be written to", "export HOME=/proc"},
    {"no home, and hardly an environment",
     "unset HOME LANG LC_ALL LOGNAME USER SHELL XDG_RUNTIME_DIR XDG_DATA_HOME"},
    {"no standard input", "exec <&-"},
    {"no directory to be in", "mkdir gone-$$ && cd gone-$$ && rmdir ../gone-$$"},
};

static std::vector<std::string> followed_by(std::vector<std::string> first,
                                            const std::vector<std::string>& command) {
    first.insert(first.end(), command.begin(), command.end());
    return first;
}

std::vector<std::string> there(const OddHost& host, const std::vector<std::string>& command) {
    const std::string place = temporary_directory();
    return followed_by(
        {"sh", "-c", "cd \"$0\"; " + std::string{host.script} + "; exec \"$@\"", place}, command);
}

std::vector<std::string> with_mounts(std::string_view script,
                                     const std::vector<std::string>& command) {
    return followed_by(
        {"unshare", "--mount", "sh", "-c", std::string{script} + " && exec \"$@\"", "sh"}, command);
}

std::vector<std::string> without_user_namespaces(const std::vector<std::string>& command) {
    const std::string script =
        "echo 1 >/proc/sys/user/max_user_namespaces && "
        "exec unshare --user --map-user=1000 -- \"$@\"";
    return followed_by({"unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"}, command);
}

std::string move_into_long_path() {
    std::string path = temporary_directory() + "/a name with blanks ";
    while (path.size() < 130) path += " and more of them";
    check(::mkdir(path.c_str(), 0755), "mkdir", path);
    check(::setenv("TMPDIR", path.c_str(), 1), "setenv", "TMPDIR");
    return path;
}
