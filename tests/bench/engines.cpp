#include "tests/bench/engines.hpp"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/bench/statistics.hpp"

static constexpr double kBeginMsMax = 20000;

Engine::Engine(std::string name, Words command, std::string socket)
    : name_{std::move(name)}, socket_{std::move(socket)}, command_{std::move(command)} {
    begin();
}

void Engine::begin() {
    daemon_ = start_program(command_);
    for (const double start = now_ms();;) {
        try {
            api_ = std::make_unique<ApiConnection>(socket_);
            api_->ask("GET", "/_ping");
            return;
        } catch (const std::exception&) {
            int exit_code = 0;
            if (daemon_.has_ended(exit_code) || now_ms() > start + kBeginMsMax) {
                throw Failure{name_ + " does not come up"};
            }
            ::poll(nullptr, 0, 1);
        }
    }
}

Engine::~Engine() {
    try {
        remove_all();
    } catch (const std::exception&) {
        // It is gone. What it left is seen by whoever looks for leaks.
    }
    ::kill(daemon_.pid(), SIGTERM);
    daemon_.wait();
}

double Engine::restart() {
    ::kill(daemon_.pid(), SIGTERM);
    daemon_.wait();
    const double start = now_ms();
    begin();
    return now_ms() - start;
}

void Engine::import_image(const std::string& tar_file) {
    api_->ask("POST", std::string{"/images/create?fromSrc=-&tag=latest&repo="} + kBenchImage,
              read_file(tar_file));
}

std::string Engine::create(const Words& command, const std::string& settings) {
    std::string words;
    for (const std::string& word : command) words += (words.empty() ? "\"" : ",\"") + word + "\"";
    const std::string body = "{\"Image\":\"" + std::string{kBenchImage} + "\",\"Cmd\":[" + words +
                             "],\"HostConfig\":{\"NetworkMode\":\"none\"" +
                             (settings.empty() ? "" : "," + settings) + "}}";
    return text_field(api_->ask("POST", "/containers/create", body), "Id");
}

void Engine::start(const std::string& id) {
    api_->ask("POST", "/containers/" + id + "/start");
}

void Engine::wait(const std::string& id) {
    api_->ask("POST", "/containers/" + id + "/wait");
}

void Engine::remove(const std::string& id) {
    api_->ask("DELETE", "/containers/" + id + "?force=1");
}

void Engine::remove_all() {
    std::istringstream list{api_->ask("GET", "/containers/json?all=1")};
    for (std::string part; std::getline(list, part, '{');) {
        if (part.find("\"Names\":") != part.npos) remove(text_field(part, "Id"));
    }
}

// The image: /bin/true that does nothing, /bin/lines that prints, and the host's shell is not in
// it, so that nobody's time is spent on a big file system.
EnginePlace::EnginePlace(const Settings& settings) : settings_{settings} {
    const std::string root = make_small_root(directory(), settings_.build + "/tests/bench-true");
    std::filesystem::copy_file(settings_.build + "/tests/bench-lines", root + "/bin/lines");
    image_ = directory() + "/image.tar";
    Child tar = start_program({"tar", "-C", root, "-cf", image_, "."});
    if (tar.wait() != 0) throw Failure{"tar failed"};
}

std::unique_ptr<Engine> EnginePlace::own(const std::string& program) const {
    const std::string path = settings_.build + "/" + program;
    if (::access(path.c_str(), X_OK) != 0) return nullptr;
    const std::string socket = directory() + "/" + program + ".sock";
    return std::make_unique<Engine>(
        program,
        Words{path, "--quiet", "--root", directory() + "/" + program + ".root", "--socket", socket},
        socket);
}

std::unique_ptr<Engine> EnginePlace::slipwayd() const {
    auto engine = own("slipwayd");
    if (engine) engine->import_image(image_);
    return engine;
}

std::unique_ptr<Engine> EnginePlace::orchestratord() const {
    return own("orchestratord");
}

std::unique_ptr<Engine> EnginePlace::dockerd(std::string& why) const {
    const std::string path = find_program("dockerd");
    if (settings_.rounds == 1) {
        why = "Other engines take no part in a trial of one round.";
    } else if (path.empty()) {
        why = "dockerd is not installed.";
    } else if (::geteuid() != 0) {
        why = "dockerd takes part for root only.";
    }
    if (!why.empty()) return nullptr;
    const std::string base = directory() + "/docker";
    const std::string socket = base + ".sock";
    try {
        auto engine =
            std::make_unique<Engine>("dockerd",
                                     Words{path, "--iptables=false", "--bridge=none", "--data-root",
                                           base + ".data", "--exec-root", base + ".exec",
                                           "--pidfile", base + ".pid", "-H", "unix://" + socket},
                                     socket);
        engine->import_image(image_);
        return engine;
    } catch (const std::exception& error) {
        why = std::string{"dockerd takes no part: "} + error.what();
        return nullptr;
    }
}

std::string directory_of(const EnginePlace& place, const std::string& id) {
    return place.directory() + "/slipwayd.root/containers/" + id;
}

double pss_kib(pid_t pid) {
    std::istringstream text{read_file("/proc/" + std::to_string(pid) + "/smaps_rollup")};
    double kib = 0;
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("Pss:")) std::istringstream{line.substr(4)} >> kib;
    }
    return kib;
}

std::vector<pid_t> processes_named(const std::string& name) {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const std::string pid = entry.path().filename();
        if (pid.find_first_not_of("0123456789") != pid.npos) continue;
        try {
            if (read_file(entry.path() / "comm") == name + "\n") found.push_back(std::stoi(pid));
        } catch (const SystemError&) {
            // It has ended meanwhile.
        }
    }
    return found;
}
