// Root inside, an ordinary user outside.
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "common/file.hpp"
#include "tests/stage3/container.hpp"

static std::string one_space(const std::string& text) {
    std::istringstream stream{text};
    std::string result;
    for (std::string word; stream >> word;) result += (result.empty() ? "" : " ") + word;
    return result;
}

TEST_CASE("in a user namespace the caller is root, and is mapped to nobody else",
          "[stage3][contract]") {
    hint("the parent writes setgroups, uid_map and gid_map of the child, in this order");
    need_user_namespaces();
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const auto cat = [&](const std::string& name) {
            return one_space(run(container.probing({"cat", "/proc/self/" + name}, {"--user"})).out);
        };
        CHECK(run(container.probing({"uid"}, {"--user"})).out == "0 0\n");
        CHECK(cat("uid_map") == "0 " + std::to_string(::geteuid()) + " 1");
        CHECK(cat("gid_map") == "0 " + std::to_string(::getegid()) + " 1");
        CHECK(cat("setgroups") == "deny");
    }
}

TEST_CASE("an ordinary user gets a whole container without being asked", "[stage3][contract]") {
    hint("without root --user is the default");
    need_user_namespaces();
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        if (is_root()) {  // then the place of the root must be the user's
            check(::chown(container.outside("").c_str(), 65534, 65534), "chown", "the root");
        }
        const auto outcome = [&](const Words& verb) {
            const Result result = run(as_ordinary_user(container.probing(verb)));
            UNSCOPED_INFO(result);
            return result;
        };
        CHECK(outcome({"uid"}).out == "0 0\n");
        CHECK(outcome({"pid"}).out == "1\n");
        CHECK(outcome({"interfaces"}).out == "lo up\n");
        CHECK(outcome({"hostname"}).out.starts_with("container"));
        CHECK(outcome({"exit", "7"}).exit_code == 7);
        CHECK(outcome({"fds"}).out == "0\n1\n2\n");
    }
}

TEST_CASE("what root makes in a user namespace belongs to the caller outside",
          "[stage3][contract]") {
    hint("uid 0 inside is mapped to the caller's own: `0 UID 1`");
    need_user_namespaces();
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const Result result =
            run(container.probing({"touch", container.inside("file")}, {"--user"}));
        INFO(result);
        REQUIRE(result.exit_code == 0);
        struct stat status {};
        check(::stat(container.outside("file").c_str(), &status), "stat", "file");
        CHECK(status.st_uid == ::geteuid());
    }
}

TEST_CASE("an ordinary user who does without a user namespace is told the way out", "[stage3]") {
    for (const int stage : container_stages()) {
        const StageContainer container{stage};
        const Result result =
            run(as_ordinary_user(container.probing({"pid"}, {"--share", "user"})));
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(fault_of_message(result.err, container.name(),
                               {"create the namespaces", "Operation not permitted", "--user"}) ==
              "");
    }
}

TEST_CASE("a machine that has no namespaces left says so", "[stage3]") {
    need_user_namespaces();
    // A user namespace has limits of its own for those below it.
    const std::string script = "echo 0 > /proc/sys/user/max_user_namespaces; exec \"$@\"";
    Words command{"unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"};
    const StageContainer container{3};
    for (const auto& word : container.probing({"pid"}, {"--user"})) command.push_back(word);
    const Result result = run(command);
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(fault_of_message(result.err, container.name(), {"too many namespaces"}) == "");
}
