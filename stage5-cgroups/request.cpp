#include "stage5-cgroups/request.hpp"

#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "stage4-chroot/temporary_root.hpp"

static constexpr Program kProgram = {
    "stage5-cgroups",
    "run [OPTIONS] IMAGE COMMAND [ARG...]\n"
    "run [OPTIONS] [IMAGE] -- COMMAND [ARG...]",
    "Runs a command in a container: namespaces, a root of its own, limits.\n"
    "IMAGE is a directory that holds a root file system, or `host`, a temporary root\n"
    "made from this machine's own programs; with -- it may be left out.\n"
    "\n"
    "Try: run --memory 64 --pids 20 host sh -c 'hostname; ps aux; ls /'",
};

ContainerRequest::ContainerRequest() : id{random_id()} {
    isolation.hostname = "container-" + id;
}

static std::vector<Option> option_table(ContainerRequest& request) {
    auto options = limit_option_table(request.limits);
    options.push_back(
        {"--network", "none|host", "only a loopback of its own, or the host's network",
         [&](std::string_view name) {
             if (name != "none" && name != "host") {
                 throw UsageError{"--network " + printable(name) + ": there are none and host"};
             }
             if (name == "host") request.isolation.share(CLONE_NEWNET);
         }});
    options.push_back({"--stats", "", "tell in the end what was used (default: on a terminal)",
                       [&](std::string_view) { request.stats = true; }});
    for (auto& option : root_option_table(request.root, request.environment)) {
        options.push_back(std::move(option));
    }
    for (auto& option : isolation_option_table(request.isolation)) {
        if (option.names == "--hostname") {
            option.help = "the host name inside (default: container-ID)";
        }
        options.push_back(std::move(option));
    }
    return options;
}

// IMAGE COMMAND..., or [IMAGE] -- COMMAND...
static void take_image_and_command(ContainerRequest& request,
                                   const std::vector<std::string>& arguments) {
    auto rest = parse_options(kProgram, option_table(request), arguments);
    const std::size_t taken = arguments.size() - rest.size();
    const bool ended_by_dashes = taken > 0 && arguments[taken - 1] == "--";
    if (!ended_by_dashes && !rest.empty()) {
        request.image = rest.front();
        rest.erase(rest.begin());
        if (!rest.empty() && rest.front() == "--") rest.erase(rest.begin());
    }
    request.command = rest;
    if (request.command.empty()) {
        throw UsageError{"run: no command to run (try stage5-cgroups run host ps aux)"};
    }
}

static void check_request(const ContainerRequest& request) {
    const Narrator narrator{request.isolation.quiet};
    check_root_options(request.isolation);
    for (const auto& word : request.command) {
        if (word == "--memory" || word == "--cpu") {
            narrator.say("Note: " + word + " behind the command belongs to the command; " +
                         "our options come before IMAGE");
        }
    }
    struct stat status {};
    if (request.image != "host" && ::stat(request.image.c_str(), &status) == -1) {
        throw SystemError{errno, "open the image", request.image,
                          "a directory that holds a root file system, or host"};
    }
}

ContainerRequest parse_container_request(const std::vector<std::string>& arguments) {
    ContainerRequest request;
    const auto words = parse_options(kProgram, option_table(request), arguments);
    if (words.empty()) throw UsageError{"what to do is missing (try stage5-cgroups --help)"};
    if (words[0] != "run") {
        throw UsageError{"unknown verb " + printable(words[0]) + " (try stage5-cgroups --help)"};
    }
    take_image_and_command(request, {words.begin() + 1, words.end()});
    check_request(request);
    if (!request.isolation.quiet && ::isatty(STDERR_FILENO) == 1) request.stats = true;
    return request;
}
