#include "tests/bench/runtimes.hpp"

#include <string_view>

#include "common/file.hpp"

// The OCI runtime specification's configuration: six namespaces, the mounts of stage 5, 64 MiB and
// 64 processes; no capabilities dropped but by the runtime's own rules, no seccomp.
static constexpr auto kConfiguration = R"({
  "ociVersion": "1.0.2",
  "process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/true"],
              "env": ["PATH=/bin"], "cwd": "/"},
  "root": {"path": "ROOT"},
  "hostname": "bench",
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro", "nosuid"]},
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]},
    {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["newinstance", "ptmxmode=0666", "mode=0620"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["mode=1777"]},
    {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue"}
  ],
  "linux": {
    "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "uts"}, {"type": "ipc"},
                   {"type": "network"}, {"type": "cgroup"}],
    "resources": {"memory": {"limit": 67108864}, "pids": {"limit": 64}}
  }
}
)";

static void write_bundle(const std::string& bundle, const std::string& root) {
    make_directories(bundle);
    std::string configuration = kConfiguration;
    constexpr std::string_view place = "ROOT";
    configuration.replace(configuration.find(place), place.size(), root);
    write_file(bundle + "/config.json", configuration);
}

static Runtime oci_runtime(const std::string& name, const Words& options,
                           const std::string& directory, const std::string& root) {
    Runtime runtime{name, {}, {}};
    const std::string path = find_program(name);
    if (path.empty()) return runtime;
    runtime.version = version_of(path);
    const std::string bundle = directory + "/" + name;
    write_bundle(bundle, root);
    runtime.command.words = with(with({path, "--root", bundle + "/state"}, options),
                                 {"run", "--bundle", bundle, "slipway-bench-$i"});
    return runtime;
}

static Runtime bubblewrap(const std::string& root) {
    Runtime runtime{"bubblewrap", {}, {}, false};
    const std::string path = find_program("bwrap");
    if (path.empty()) return runtime;
    runtime.version = version_of(path);
    Words words{path};
    for (const char* kind : {"pid", "net", "uts", "ipc", "cgroup"}) {
        words.push_back(std::string{"--unshare-"} + kind);
    }
    runtime.command.words =
        with(words, {"--bind", root, "/", "--proc", "/proc", "--dev", "/dev", "/bin/true"});
    return runtime;
}

std::vector<Runtime> find_runtimes(const std::string& directory, const std::string& root) {
    Runtime crun = oci_runtime("crun", {"--cgroup-manager=cgroupfs"}, directory, root);
    crun.command.in_private_view = true;
    return {crun, oci_runtime("runc", {}, directory, root), bubblewrap(root)};
}
