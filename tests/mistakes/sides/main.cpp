// side-by-side [N]: one of the articles' mistakes and the right version, each in namespaces of its
// own that are thrown away: those of stage 3.

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/process.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "tests/mistakes/sides/sides.hpp"

static constexpr int kSecondsMax = 120;
static constexpr int kNotHere = 3;  // this machine lacks something
static constexpr std::size_t kWidth = 90;

// A port is waited for without connecting to it: the article's daemon serves one client alone.
static constexpr const char* kPrelude = R"sh(
wait_for_port() {
    until grep -q "$(printf ':%04X 00000000:0000 0A' $1)" /proc/net/tcp; do sleep 0.02; done
}
)sh";

// A directory for what a side makes, which goes with the object.
class Workshop {
public:
    Workshop() {
        const char* above = std::getenv("TMPDIR");
        path_ = std::string{above == nullptr ? "/tmp" : above} + "/mistake_XXXXXX";
        check(::mkdtemp(path_.data()) == nullptr ? -1 : 0, "mkdtemp", path_);
    }
    ~Workshop() { remove_tree(path_); }
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

// Where our programs are, and so what PATH begins with.
static std::string build_directory() {
    const char* build = std::getenv("BUILD");
    if (build == nullptr) throw Failure{"BUILD is not set (make mistake N=... sets it)"};
    return build;
}

static std::vector<std::string> environment() {
    auto all = current_environment();
    const char* path = std::getenv("PATH");
    const std::string build = build_directory();
    std::erase_if(all, [](const auto& entry) { return entry.starts_with("PATH="); });
    // chroot lies where an ordinary user's PATH does not lead.
    all.push_back("PATH=" + build + ":" + build + "/tests:" + (path == nullptr ? "" : path) +
                  ":/usr/sbin:/sbin");
    return all;
}

[[noreturn]] static void become_side(const std::string& script, const std::string& directory,
                                     int output) noexcept {
    try {
        const Fd null{check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")};
        duplicate_onto(null.get(), STDIN_FILENO);
        duplicate_onto(output, STDOUT_FILENO);
        duplicate_onto(output, STDERR_FILENO);
        check(::chdir(directory.c_str()), "chdir", directory);
        execute({build_directory() + "/stage3-namespaces", "run", "--quiet", "--init", "--share",
                 "cgroup,ipc", "--", "bash", "-c", kPrelude + script},
                environment());
    } catch (const std::exception& error) {
        ::_exit(report_failure("side-by-side", error, 127));
    }
}

// All that the side prints, on either stream.
static std::string output_of(const std::string& script) {
    const Workshop workshop;
    Pipe pipe = make_pipe();
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) become_side(script, workshop.path(), pipe.write_end.get());
    const Child child{pid};
    pipe.write_end.close();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{kSecondsMax};
    std::string output;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd readable{pipe.read_end.get(), POLLIN, 0};
        const int ready =
            left.count() > 0 ? ::poll(&readable, 1, static_cast<int>(left.count())) : 0;
        if (ready == 0) return output + "(no end after " + std::to_string(kSecondsMax) + " s)\n";
        char piece[4096];
        const auto count = check(::read(pipe.read_end.get(), piece, sizeof piece), "read", "pipe");
        if (count == 0) return output;
        output.append(piece, static_cast<std::size_t>(count));
    }
}

// Each line behind `first`, or behind blanks where it goes on from the line before.
static std::string indented(const std::string& text, const std::string& first) {
    std::string result;
    bool goes_on = false;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string line = text.substr(start, end - start);
        result += (goes_on ? std::string(first.size(), ' ') : first) + line + "\n";
        goes_on = line.ends_with('\\');
        start = end + 1;
    }
    return result;
}

static std::string wrapped(const std::string& text) {
    std::string result, line;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find(' ', start), text.size());
        const std::string word = text.substr(start, end - start);
        if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
            result += line + "\n";
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
        start = end + 1;
    }
    return result + line + "\n";
}

// Control characters as \xNN, line by line.
static std::string printable_lines(const std::string& text) {
    std::string result;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        result += printable(text.substr(start, end - start)) + "\n";
        start = end + 1;
    }
    return result;
}

static std::string show_side(const char* name, const std::string& script) {
    print(std::string{"\n"} + name + ":\n" + indented(script, "  $ "));
    std::string output = output_of(script);
    print(indented(printable_lines(output), "    "));
    return output;
}

static int show(const Sides& sides) {
    print(sides.number + " " + sides.title + "\n    (" + sides.where + ")\n");
    const std::string missing = what_is_missing_for(sides.needs);
    if (!missing.empty()) {
        print("\nnot to be seen here: it " + missing + "\n");
        return kNotHere;
    }
    const bool is_wrong = show_side("wrong", sides.wrong).find(sides.fault) != std::string::npos;
    const bool is_right = show_side("right", sides.right).find(sides.fault) == std::string::npos;
    if (is_wrong && is_right) {
        print("\nonly the wrong side shows: " + sides.fault + "\n" + wrapped(sides.why));
        return 0;
    }
    throw Failure{"this machine shows it otherwise: the wrong side " +
                  std::string{is_wrong ? "has" : "lacks"} + ", and the right one " +
                  (is_right ? "lacks" : "has") + " what tells them apart: " + sides.fault};
}

static int list(const std::vector<Sides>& all) {
    for (const Sides& sides : all) {
        const std::string missing = what_is_missing_for(sides.needs);
        const std::string column(6 - std::min<std::size_t>(sides.number.size(), 5), ' ');
        print("  " + sides.number + column + sides.title +
              (missing.empty() ? "" : "  [" + missing + "]") + "\n");
    }
    return 0;
}

int main(int argc, char** argv) try {
    const char* source = std::getenv("SLIPWAY_SOURCE");
    const auto all =
        all_sides(std::string{source == nullptr ? "." : source} + "/tests/mistakes/sides");
    if (argc < 2) return list(all);
    const std::string number = argv[1];
    for (const Sides& sides : all) {
        if (sides.number == number) return show(sides);
    }
    throw Failure{"there is no mistake " + printable(number) + " (make mistake lists them)"};
} catch (const std::exception& error) {
    return report_failure("side-by-side", error, 1);
}
