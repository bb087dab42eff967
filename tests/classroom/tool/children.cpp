#include "tests/classroom/tool/children.hpp"

#include <unistd.h>

#include "common/error.hpp"
#include "common/fd.hpp"
#include "common/file.hpp"
#include "common/process.hpp"

static constexpr std::size_t kOutputBytesMax = 256u << 20;

std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
    std::vector<std::string> environment = current_environment();
    for (const auto& entry : variables) {
        const std::string name = entry.substr(0, entry.find('=') + 1);
        std::erase_if(environment, [&](const auto& old) { return old.starts_with(name); });
        environment.push_back(entry);
    }
    return environment;
}

[[noreturn]] static void become(const std::vector<std::string>& command,
                                const std::string& directory,
                                const std::vector<std::string>& variables, int output) noexcept {
    try {
        duplicate_onto(output, STDOUT_FILENO);
        duplicate_onto(output, STDERR_FILENO);
        check(::chdir(directory.c_str()), "chdir", directory);
        execute(command, environment_with(variables));
    } catch (const SystemError& error) {
        ::_exit(report_failure("classroom", error, exit_code_for_exec(error.error())));
    } catch (...) {
        ::_exit(126);
    }
}

Started start_with_output(const std::vector<std::string>& command, const std::string& directory,
                          const std::vector<std::string>& variables) {
    Pipe output = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) become(command, directory, variables, output.write_end.get());
    return {std::move(output.read_end), Child{pid}};
}

Ended run_to_end(const std::vector<std::string>& command, const std::string& directory,
                 const std::vector<std::string>& variables) {
    Started started = start_with_output(command, directory, variables);
    Ended ended;
    ended.output = read_all(started.output.get(), command[0], kOutputBytesMax);
    ended.exit_code = started.child.wait();
    return ended;
}
