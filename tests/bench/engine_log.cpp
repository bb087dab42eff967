// What a container prints, on its way into the log and out of it.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/bench/podman.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/statistics.hpp"

static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
static constexpr std::size_t kPieceBytes = 64u << 10;
static constexpr double kMegabyte = 1e6;

struct LineLength {
    int length;
    int payload;  // bytes that are printed
};

// As short as the format can be written down in plain C: one clock reading a read, one header,
// each line copied behind a copy of it.
[[noreturn]] static void copy_as_log(int input, const std::string& file) noexcept {
    const int log = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    static char bytes[kPieceBytes], entries[kPieceBytes * 30];
    while (true) {
        const auto count = ::read(input, bytes, sizeof bytes);
        if (count <= 0) ::_exit(count == 0 && log != -1 ? 0 : 1);
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        std::tm parts{};
        ::gmtime_r(&now.tv_sec, &parts);
        char header[80];
        auto size = std::strftime(header, 40, "%Y-%m-%dT%H:%M:%S", &parts);
        size += static_cast<std::size_t>(
            std::snprintf(header + size, 40, ".%09ldZ stdout F ", now.tv_nsec));
        char* out = entries;
        const char* const end = bytes + count;
        for (const char* line = bytes; line < end;) {
            const auto left = static_cast<std::size_t>(end - line);
            const auto* newline = static_cast<const char*>(std::memchr(line, '\n', left));
            const auto length =
                newline == nullptr ? left : static_cast<std::size_t>(newline - line) + 1;
            std::memcpy(out, header, size);
            if (newline == nullptr) out[size - 2] = 'P';
            std::memcpy(out + size, line, length);
            out += size + length;
            if (newline == nullptr) *out++ = '\n';
            line += length;
        }
        const auto total = static_cast<std::size_t>(out - entries);
        if (::write(log, entries, total) != static_cast<ssize_t>(total)) ::_exit(1);
    }
}

// Megabytes that were printed a second, from what /bin/lines says that it took.
static double speed(const LineLength& lines, const std::string& nanoseconds) {
    const double taken = std::atof(nanoseconds.c_str());
    return taken > 0 ? lines.payload / kMegabyte / (taken / 1e9) : kNone;
}

static double floor_speed(const EnginePlace& place, const LineLength& lines) {
    Pipe output = make_pipe();
    Pipe errors = make_pipe();
    const pid_t writer = clone_process({});
    if (writer == 0) {
        output.write_end.close();
        copy_as_log(output.read_end.get(), place.directory() + "/floor.log");
    }
    Child copier{writer};
    const pid_t printer = clone_process({});
    if (printer == 0) {
        duplicate_onto(output.write_end.get(), STDOUT_FILENO);
        duplicate_onto(errors.write_end.get(), STDERR_FILENO);
        const std::string program = place.settings().build + "/tests/bench-lines";
        ::execl(program.c_str(), "lines", std::to_string(lines.payload).c_str(),
                std::to_string(lines.length).c_str(), nullptr);
        ::_exit(127);
    }
    Child source{printer};
    output = {};
    errors.write_end.close();
    const std::string taken = read_all(errors.read_end.get(), "the floor's time");
    if (source.wait() != 0 || copier.wait() != 0) throw Failure{"the floor failed"};
    ::unlink((place.directory() + "/floor.log").c_str());
    return speed(lines, taken);
}

static Words printing(const LineLength& lines) {
    return {"/bin/lines", std::to_string(lines.payload), std::to_string(lines.length)};
}

static double engine_speed(Engine& engine, const LineLength& lines) {
    const std::string id = engine.create(printing(lines));
    engine.start(id);
    engine.wait(id);
    // Ours has it in the last line; dockerd has two who read for it, and no order between them.
    const char* const end_of_log = engine.name() == "dockerd" ? "" : "&tail=1";
    const std::string frame =
        engine.api().ask("GET", "/containers/" + id + "/logs?stderr=1" + end_of_log);
    engine.remove(id);
    // Perhaps in a chunk, surely in a frame: the digits before the last newline.
    const auto end = frame.rfind('\n', frame.rfind("\r\n0\r\n") - 1);
    auto start = end;
    while (start > 0 && frame[start - 1] >= '0' && frame[start - 1] <= '9') --start;
    return speed(lines, frame.substr(start, end - start));
}

// In the same format as ours. Attached to nobody, who would have to be fed too.
static double podman_speed(const EnginePlace& place, const Podman& podman,
                           const LineLength& lines) {
    const std::string log = place.directory() + "/podman.log";
    podman.execute(podman.run({"--detach", "--replace", "--name", "lines", "--log-driver",
                               "k8s-file", "--log-opt", "path=" + log},
                              printing(lines)));
    podman.execute({"wait", "lines"});
    const std::string text = read_file(log, 1u << 31);
    ::unlink(log.c_str());
    // It reads stderr when it likes.
    const std::string mark = " stderr F ";
    const auto start = text.rfind(mark);
    return start == text.npos ? kNone : speed(lines, text.substr(start + mark.size()));
}

static std::string speed_of(const std::vector<Series>& all, const char* name) {
    const Series* series = find_series(all, name);
    return series == nullptr || series->values.empty() ? "-" : number_text(median(series->values));
}

struct Peers {
    Engine* dockerd;
    const Podman* podman;
};

static void measure_writing(const EnginePlace& place, Engine& ours, const Peers& peers,
                            Report& report) {
    const Settings& settings = place.settings();
    const LineLength lengths[] = {{128, settings.size(128 << 20)}, {2, settings.size(8 << 20)}};
    std::vector<std::vector<std::string>> rows{{"into the log, MB/s of what is printed", "plain C",
                                                "slipway", "x plain C", "dockerd", "podman"}};
    for (const LineLength& lines : lengths) {
        std::vector<Contestant> contestants{{"plain C", [&] { return floor_speed(place, lines); }},
                                            {"slipway", [&] { return engine_speed(ours, lines); }}};
        // So slow that a tenth of it is enough.
        const LineLength fewer{lines.length, lines.payload / 10};
        if (peers.dockerd != nullptr) {
            contestants.push_back(
                {"dockerd", [&, fewer] { return engine_speed(*peers.dockerd, fewer); }});
        }
        if (peers.podman != nullptr) {
            contestants.push_back(
                {"podman", [&, fewer] { return podman_speed(place, *peers.podman, fewer); }});
        }
        const auto all =
            round_robin(contestants, {settings.rounds_or(9, 4), 1, std::chrono::milliseconds{0}});
        for (const Series& series : all) {
            if (!series.fault.empty()) report.paragraph(series.name + ": " + series.fault);
        }
        const double to_floor = all[0].values.empty() || all[1].values.empty()
                                    ? kNone
                                    : median_ratio(all[1].values, all[0].values);
        const std::string name = std::to_string(lines.length) + "-byte lines";
        rows.push_back({name, number_text(median(all[0].values)),
                        number_text(median(all[1].values)), number_text(to_floor),
                        speed_of(all, "dockerd"), speed_of(all, "podman")});
        report.add({"into the log / plain C, " + name, to_floor, 0.7, false, "it failed"});
    }
    report.table(rows);
}

// The whole log, to a reader who throws it away. Megabytes of the answer a second.
static double read_log(Engine& engine, const std::string& id) {
    ApiConnection connection{engine.socket()};
    static std::array<char, 1u << 18> bytes;
    const double start = now_ms();
    double total =
        static_cast<double>(connection.begin("/containers/" + id + "/logs?stdout=1").size());
    std::string end;
    while (end != "0\r\n\r\n") {
        const auto count = check(::recv(connection.get(), bytes.data(), bytes.size(), 0), "recv");
        if (count == 0) break;
        total += static_cast<double>(count);
        end.append(bytes.data() + std::max<ssize_t>(count - 5, 0),
                   static_cast<std::size_t>(std::min<ssize_t>(count, 5)));
        if (end.size() > 5) end.erase(0, end.size() - 5);
    }
    return total / kMegabyte / ((now_ms() - start) / 1000);
}

static void measure_reading(const EnginePlace& place, Engine& ours, Engine* dockerd,
                            Report& report) {
    const Settings& settings = place.settings();
    const LineLength lines{128, settings.size(settings.quick ? 256 << 20 : 760 << 20)};
    const std::string id = ours.create(printing(lines));
    ours.start(id);
    ours.wait(id);
    std::vector<Contestant> contestants{{"slipway", [&] { return read_log(ours, id); }}};
    std::string theirs;
    if (dockerd) {
        theirs = dockerd->create(printing({128, lines.payload / 20}));
        dockerd->start(theirs);
        dockerd->wait(theirs);
        contestants.push_back({"dockerd", [&] { return read_log(*dockerd, theirs); }});
    }
    const auto all =
        round_robin(contestants, {settings.rounds_or(5, 3), 1, std::chrono::milliseconds{0}});
    std::vector<std::vector<std::string>> rows{{"logs, to a reader that drains", "MB/s"}};
    for (const Series& series : all)
        rows.push_back({series.name, number_text(median(series.values))});
    report.table(rows);
    report.add({"logs of a large log, MB/s", median(all[0].values), 300, false, "it failed"});
    ours.remove(id);
    if (dockerd) dockerd->remove(theirs);
}

// Microseconds from before a container's write to behind a follower's read, one a line.
static std::vector<double> delays(Engine& engine, int count) {
    const std::string id = engine.create({"/bin/lines", "stamps", std::to_string(count), "10"});
    ApiConnection follower{engine.socket()};
    engine.start(id);
    follower.begin("/containers/" + id + "/logs?stdout=1&follow=1");
    std::vector<double> found;
    std::array<char, 4096> bytes;
    while (static_cast<int>(found.size()) < count - 2) {
        pollfd ready{follower.get(), POLLIN, 0};
        if (check(::poll(&ready, 1, 2000), "poll") == 0) break;
        const auto size = check(::recv(follower.get(), bytes.data(), bytes.size(), 0), "recv");
        const double now = now_ms() * 1e6;
        if (size == 0) break;
        const std::string text{bytes.data(), static_cast<std::size_t>(size)};
        // A stamp is the run of digits before a newline that is no chunk's.
        for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', end + 1)) {
            auto start = end;
            while (start > 0 && text[start - 1] >= '0' && text[start - 1] <= '9') --start;
            if (end - start > 8) found.push_back((now - std::stod(text.substr(start))) / 1000);
        }
    }
    engine.remove(id);
    return found;
}

static void measure_delay(const EnginePlace& place, Engine& ours, Engine* dockerd, Report& report) {
    const int count = place.settings().rounds == 1 ? 10 : place.settings().quick ? 100 : 300;
    std::vector<std::vector<std::string>> rows{
        {"from a container's write to a follower's read, microseconds", "median", "99 of 100"}};
    double own = kNone;
    for (Engine* engine : {&ours, dockerd}) {
        if (engine == nullptr) continue;
        const auto values = delays(*engine, count);
        if (engine == &ours) own = median(values);
        rows.push_back(
            {engine->name(), number_text(median(values)), number_text(quantile(values, 0.99))});
    }
    report.table(rows);
    report.add(
        {"a container's write to a follower's read, median, ms", own / 1000, 2, true, "it failed"});
}

void measure_engine_log(const Settings& settings, Report& report) {
    report.heading("Stage 6: the log");
    const EnginePlace place{settings};
    const auto ours = place.slipwayd();
    if (!ours) return report.paragraph("stage 6 is not built.");
    std::string why;
    const auto dockerd = settings.quick ? nullptr : place.dockerd(why);
    if (!why.empty()) report.paragraph(why);
    const auto podman = settings.quick ? nullptr : find_podman(place, why);
    if (!settings.quick) report.paragraph(why);
    measure_writing(place, *ours, {dockerd.get(), podman.get()}, report);
    measure_reading(place, *ours, dockerd.get(), report);
    measure_delay(place, *ours, dockerd.get(), report);
}
