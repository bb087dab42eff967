// book/article-index.md: nothing of the articles is left out, and what it calls ours is here.
#include <algorithm>
#include <cctype>
#include <set>
#include <span>
#include <string_view>

#include "common/file.hpp"
#include "tests/book/book.hpp"
#include "tests/support/testing.hpp"

static constexpr std::string_view kPage = "book/article-index.md";

// What the five articles define, have typed, and print, in their order.
static constexpr std::string_view kDefined[] = {
    "ContainerManager", "ContainerManager.__init__", "ContainerManager.start_server",
    "ContainerManager._handle_client", "ContainerManager._run", "ContainerManager._stop",
    "ContainerManager._list", "utils.create_socket_server",
    //
    "Container_Manager_CLI_client", "Container_Manager_CLI_client.__init__", "start_CLI_interface",
    "utils.connect_to_socket_server",
    //
    "run_in_container", "setup_rootfs", "copy_dependencies", "run_container", "CgroupManager",
    "CgroupManager.__init__", "CgroupManager.create", "CgroupManager.add_process",
    "CgroupManager.cleanup", "run_container_with_limits", "Container", "Container.__init__",
    "Container.setup_cgroup", "Container.setup_network", "Container.setup_filesystem",
    "Container.run", "Container.cleanup", "main",
    //
    "run", "child", "cg", "must",
    //
    "orchestratord", "orchestrate", "shim.py", "shared.py", "State", "__main__.py", "routes.py",
    "models.py", "out()", "resolve()", "process.py", "launch()", "persist_meta()", "tail_log()",
    "lifecycle.py", "shim.pid", "pid", "meta.json", "log", "exit", "shim.sock",
    "PR_SET_CHILD_SUBREAPER", "kill(shim_pid, 0)", R"({"stdin_eof": true})", "test_lifecycle",
    "test_logs", "test_exec", "test_pause_unpause", "test_process_groups",
    "test_grandchild_lifecycle", "test_recovery", "test_errors"};

static constexpr std::string_view kTyped[] = {
    "python py_container_manager.py", "python py_container_manager_CLI_client.py",
    //
    "sudo python3 simple_container.py bash", "ps aux", "echo $$",
    "sudo python3 container_v2.py bash", "hostname", "ls /",
    "sudo python3 container_v3.py bash 100 512",
    R"(python3 -c "a = ['x' * 1024 * 1024 for i in range(200)]")",
    "sudo python3 container.py run ./alpine bash",
    "sudo python3 container.py run /path/to/rootfs bash",
    R"(sudo python3 container.py run ./alpine sh -c "echo hello from container")",
    "sudo python3 container.py run ./ubuntu bash --memory 256 --cpu 512", "mkdir alpine_rootfs",
    "docker export $(docker create alpine:latest) | tar -C alpine_rootfs -xf -",
    "wget https://dl-cdn.alpinelinux.org/alpine/v3.18/releases/x86_64/"
    "alpine-minirootfs-3.18.0-x86_64.tar.gz",
    "tar -xzf alpine-minirootfs-3.18.0-x86_64.tar.gz -C alpine_rootfs",
    "sudo python3 container.py run alpine_rootfs sh", "cat /sys/fs/cgroup/memory.max",
    "man namespaces", "man unshare", "mount -t proc proc /proc", "mount -t sysfs sys /sys",
    "mount -t devtmpfs dev /dev", "mount -t tmpfs tmpfs /tmp", "mount --make-rprivate /",
    "ip link set lo up", "ldd",
    //
    "mkdir minicontainer && cd minicontainer", "go mod init minicontainer",
    "go build -o minicontainer .", "sudo ./minicontainer run /bin/bash",
    "sudo ./minicontainer run /bin/sh", "mkdir -p rootfs", "cd rootfs", "curl -o alpine.tar.gz",
    "tar xzf alpine.tar.gz", "rm alpine.tar.gz", "cd ..", "cat /etc/os-release", "ip addr",
    "dd if=/dev/zero of=/dev/null bs=1M count=200", "man 7 namespaces", "man 7 cgroups",
    //
    "pip install -e .", "uv sync", "orchestratord --socket /tmp/orch.sock",
    "export ORCHESTRATOR_SOCKET=/tmp/orch.sock",
    R"(orchestrate run --name hello -- echo "hello world")", "orchestrate ps -a",
    "orchestrate logs hello", "orchestrate run --name shell -- bash", "orchestrate attach shell",
    "orchestrate exec shell -- ps aux", "bash tests/run_all.sh"};

static constexpr std::string_view kPrinted[] = {
    "Container Manager Daemon actively listening on 127.0.0.1:8080",
    "Connection from ('127.0.0.1', 54321)", "Received data: run micro_service_node",
    "Received data: list", "Usage: run <container_name>", "Usage: stop <container_name>",
    "Unknown command {command}", "Container '{container_name}' created at",
    "Container '{container_name}' stopped", "Container not found",
    "Available containers: {clients}",
    //
    "Connected successfully to the Container Manager Daemon at 127.0.0.1:8080",
    "Enter command (run, stop or list), exit to quit interface:", "Enter container name:",
    "Container name required",
    "Unknown instruction token. Valid primitives: run, stop, list, exit.",
    "[Client Packet Shipped: list]", "[Client Packet Shipped: run production_redis_node]",
    "Error: {e}", "Connection closed.",
    //
    "Starting container with command:", "Parent process PID:", "Container process PID:",
    "Container exited", "Error in container:", "Usage: python3 simple_container.py <command>",
    "This script requires root privileges", "Setting up root filesystem at",
    "Warning: Could not copy dependencies for",
    "Container started with hostname:", "Root filesystem:", "Container interrupted", "Cleaning up",
    "Usage: sudo python3 container_v2.py <command>", "Created cgroup with limits:", "Memory: 100MB",
    "CPU: 512/1024 shares",
    "Warning: Could not set cgroup limits:", "Continuing without resource limits...",
    "Warning: Could not add process to cgroup:", "Warning: Could not remove cgroup:",
    "Container ID:", "Container process started (PID:",
    "Usage: sudo python3 container_v3.py <command> [memory_mb] [cpu_shares]",
    "[ID] Starting container...", "[ID] Command:", "[ID] Resource limits: 512MB RAM, 1024/1024 CPU",
    "Warning: Could not set cgroups:", "[ID] Network namespace created",
    "Warning: Could not setup network:", "[ID] Filesystem isolated (root:",
    "Image directory not found:", "Failed to setup filesystem:", "[ID] Container ready!",
    "[ID] Error:", "[ID] Interrupted", "[ID] Container stopped",
    "Error: This program requires root privileges", "Run with: sudo python3 container.py ...",
    //
    "Running [..] as PID N", "Parent: Running", "Child: Running", "Unknown command",
    "Unknown command. Use: run <command>"};

// The cells of a table's row; `\|` is a bar within one.
static std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::string cell;
    for (std::size_t i = 1; i < line.size(); i++) {
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
            cell += line[++i];
        } else if (line[i] == '|') {
            const std::size_t begin = std::min(cell.find_first_not_of(' '), cell.size());
            cells.push_back(cell.substr(begin, cell.find_last_not_of(' ') + 1 - begin));
            cell.clear();
        } else {
            cell += line[i];
        }
    }
    return cells;
}

static std::vector<std::string> spans_of(const std::string& cell) {
    std::vector<std::string> spans;
    for (auto begin = cell.find('`'); begin != std::string::npos; begin = cell.find('`', begin)) {
        const auto end = cell.find('`', begin + 1);
        if (end == std::string::npos) break;
        spans.push_back(cell.substr(begin + 1, end - begin - 1));
        begin = end + 1;
    }
    return spans;
}

struct IndexSpan {
    std::size_t line;
    std::string column;
    std::string text;
};

static std::vector<IndexSpan> index_spans(const std::string& page) {
    std::vector<IndexSpan> spans;
    std::vector<std::string> header;
    const auto lines = lines_of(page);
    for (std::size_t i = 0; i < lines.size(); i++) {
        if (!lines[i].starts_with("|")) {
            header.clear();
            continue;
        }
        const auto cells = cells_of(lines[i]);
        if (header.empty()) header = cells;
        for (std::size_t column = 0; column < std::min(cells.size(), header.size()); column++) {
            for (const std::string& span : spans_of(cells[column])) {
                spans.push_back({i + 1, header[column], span});
            }
        }
    }
    return spans;
}

static bool is_word_byte(char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_';
}

static std::vector<std::string> words_in(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t end = i;
        while (end < text.size() && is_word_byte(text[end])) end++;
        if (end > i) words.push_back(text.substr(i, end - i));
        i = std::max(end, i + 1);
    }
    return words;
}

// The words and files of common, the stages and the tests.
struct Ours {
    std::set<std::string> words{};
    std::vector<std::string> paths{};
    std::string text{};
};

static Ours our_sources() {
    Ours ours;
    for (const SourceFile& file : read_tree(source_directory())) {
        if (!is_code(file.path)) continue;
        ours.paths.push_back("/" + file.path);
        if (file.path.starts_with("tests/")) continue;
        for (std::string& word : words_in(file.text)) ours.words.insert(std::move(word));
        ours.text += file.text;
    }
    return ours;
}

// What the span names, and is not there; empty if all is.
static std::string missing_of(const Ours& ours, const std::string& span) {
    const bool is_pattern = span.find('*') != std::string::npos;
    if (!is_pattern && (span.ends_with(".cpp") || span.ends_with(".hpp"))) {
        const auto is_it = [&](const std::string& path) { return path.ends_with("/" + span); };
        return std::ranges::any_of(ours.paths, is_it) ? "" : span;
    }
    for (const std::string& word : split_words(span)) {
        if (!word.starts_with("--") || word == "--") continue;
        if (ours.text.find('"' + word) == std::string::npos) return word;
    }
    const auto is_name = [](char byte) { return is_word_byte(byte) || byte == ':'; };
    if (!std::ranges::all_of(span, is_name)) return "";
    for (const std::string& word : words_in(span)) {
        if (!ours.words.contains(word)) return word;
    }
    return "";
}

TEST_CASE("the index has everything that the articles define, have typed and print", "[book]") {
    const auto spans = index_spans(read_file(source_directory() + "/" + std::string{kPage}));
    std::set<std::string, std::less<>> theirs;
    for (const IndexSpan& span : spans) {
        if (span.column == "the article") theirs.insert(span.text);
    }
    std::string missing;
    for (const auto& list :
         {std::span<const std::string_view>{kDefined}, std::span<const std::string_view>{kTyped},
          std::span<const std::string_view>{kPrinted}}) {
        for (const std::string_view name : list) {
            if (!theirs.contains(name)) missing += "\n  " + std::string{name};
        }
    }
    INFO("not in " << kPage << ":" << missing);
    CHECK(missing.empty());
}

TEST_CASE("what the index calls ours is in the sources", "[book]") {
    const Ours ours = our_sources();
    std::vector<Fault> faults;
    for (const IndexSpan& span :
         index_spans(read_file(source_directory() + "/" + std::string{kPage}))) {
        if (span.column != "here" && span.column != "where") continue;
        const std::string missing = missing_of(ours, span.text);
        if (missing.empty()) continue;
        faults.push_back({std::string{kPage}, span.line, "no " + missing + " in the sources"});
    }
    INFO(describe(faults));
    CHECK(faults.empty());
}

TEST_CASE("a name that is nowhere is found in an index", "[book]") {
    const auto spans = index_spans("| here | where |\n|---|---|\n| `no_such_thing`, `run` | |\n");
    REQUIRE(spans.size() == 2);
    const Ours ours{.words = {"run"}, .paths = {"/common/fd.hpp"}, .text = R"({"--quiet", "-q"})"};
    CHECK(missing_of(ours, spans[0].text) == "no_such_thing");
    CHECK(missing_of(ours, "run").empty());
    CHECK(missing_of(ours, "run --loud") == "--loud");
    CHECK(missing_of(ours, "run --quiet").empty());
    CHECK(missing_of(ours, "fd.hpp").empty());
    CHECK(missing_of(ours, "common/fd.cpp") == "common/fd.cpp");
}
