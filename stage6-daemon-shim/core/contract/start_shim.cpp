#include "stage6-daemon-shim/core/contract/start_shim.hpp"

#include <fcntl.h>

#include "common/error.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"
#include "stage6-daemon-shim/core/contract/spawn_program.hpp"

static_assert(kDirectoryDescriptor == 3 && kLockDescriptor == 4 && kOutcomeDescriptor == 5);

StartingShim start_shim(const ShimCommand& command, const ContainerDir& directory, Fd lock) {
    Pipe outcome = make_pipe();
    check(::fcntl(outcome.read_end.get(), F_SETFL, O_NONBLOCK), "fcntl F_SETFL");
    SpawnedProgram shim =
        spawn_program(command.program, {command.name, command.id, std::to_string(command.number)},
                      {-1, -1, -1, directory.get(), lock.get(), outcome.write_end.get()});
    return {shim.pid, std::move(shim.process), std::move(outcome.read_end)};
}
