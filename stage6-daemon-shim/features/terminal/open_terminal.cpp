#include "stage6-daemon-shim/features/terminal/open_terminal.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/resolve_in_root.hpp"
#include "stage6-daemon-shim/core/contract/shim_protocol.hpp"

// What the container opens as /dev/console is its terminal too.
static void mount_as_console(int master) {
    int number = 0;
    check(::ioctl(master, TIOCGPTN, &number), "ioctl", "TIOCGPTN");
    const std::string path = "/dev/pts/" + std::to_string(number);
    const Fd root{check(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "open", "/")};
    const Fd place = make_file_in_root(root.get(), "/dev/console", Links::refused);
    attach_mount(clone_mount(path, false).get(), place.get(), "/dev/console");
}

void open_terminal(Launch& launch) {
    const ProcessSpec& process = launch.spec.process;
    if (!process.terminal) return;
    const Fd master{check(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), "open", "/dev/ptmx")};
    int locked = 0;
    check(::ioctl(master.get(), TIOCSPTLCK, &locked), "ioctl", "TIOCSPTLCK");
    // By its other end and not by name: a path in this root may lead anywhere.
    const Fd terminal{check(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC),
                            "ioctl", "TIOCGPTPEER")};
    if (process.console_rows != 0) {
        const winsize size{process.console_rows, process.console_columns, 0, 0};
        check(::ioctl(terminal.get(), TIOCSWINSZ, &size), "ioctl", "TIOCSWINSZ");
    }
    // The session is new (step 11 of the core), so it has none yet.
    check(::ioctl(terminal.get(), TIOCSCTTY, 0), "ioctl", "TIOCSCTTY");
    if (launch.is_first_process && launch.has(CLONE_NEWNS)) mount_as_console(master.get());
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        duplicate_onto(terminal.get(), number);
    }
    const int end = master.get();
    send_message(launch.streams.console, "terminal", {&end, 1});
}
