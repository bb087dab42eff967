// bench-lines BYTES LENGTH: prints lines of so many bytes each, the newline among them, as fast as
// they are read, and then on stderr how many nanoseconds that took.
// bench-lines stamps COUNT MILLISECONDS: one line after each pause: the monotonic clock.
// bench-lines sleep: nothing, until it is ended.
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

static constexpr std::size_t kPieceBytes = 64u << 10;

static long nanoseconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

static bool put(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(fd, text.data(), text.size());
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

static int print_stamps(int count, long milliseconds) {
    for (int i = 0; i < count; ++i) {
        ::poll(nullptr, 0, static_cast<int>(milliseconds));
        if (!put(STDOUT_FILENO, std::to_string(nanoseconds()) + "\n")) return 1;
    }
    return 0;
}

static int print_lines(long bytes, long length) {
    std::string piece;
    const std::string line = std::string(static_cast<std::size_t>(length - 1), 'x') + "\n";
    while (piece.size() + line.size() <= kPieceBytes) piece += line;
    const long start = nanoseconds();
    for (long left = bytes; left > 0; left -= static_cast<long>(piece.size())) {
        if (!put(STDOUT_FILENO, piece)) return 1;
    }
    return put(STDERR_FILENO, std::to_string(nanoseconds() - start) + "\n") ? 0 : 1;
}

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "sleep") return ::pause();
    if (what == "stamps" && argc > 3) return print_stamps(std::atoi(argv[2]), std::atol(argv[3]));
    if (argc > 2) return print_lines(std::atol(argv[1]), std::atol(argv[2]));
    return 2;
}
