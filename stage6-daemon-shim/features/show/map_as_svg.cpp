// The figure: the daemon, the shim and the processes on the left, the namespaces on the right, and
// below them what is a list.
#include <algorithm>

#include "stage6-daemon-shim/features/show/container_map.hpp"

static constexpr int kWidth = 720;
static constexpr int kLine = 18;
static constexpr std::size_t kLettersMax = 88;  // of a line over the whole width

static constexpr std::string_view kStyle = R"(  <style>
    .page{fill:#fff} .box{fill:#f4f1ea;stroke:#333} .kernel{fill:#dce8f2;stroke:#333}
    .ours{fill:#e3f0dc;stroke:#333} .danger{fill:#f7dcd8;stroke:#333}
    text{font:14px sans-serif;fill:#222} .small{font-size:12px} .mono{font-family:monospace}
    .line{stroke:#333;fill:none}
    @media (prefers-color-scheme: dark){
      .page{fill:#1c1c1c} .box{fill:#3a3733;stroke:#bbb} .kernel{fill:#24384a;stroke:#bbb}
      .ours{fill:#2c4224;stroke:#bbb} .danger{fill:#5a302a;stroke:#bbb}
      text{fill:#e6e6e6} .line{stroke:#bbb}
    }
  </style>
)";

static std::string escaped(std::string_view text) {
    std::string result;
    for (const char letter : text) {
        switch (letter) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            default: result += letter;
        }
    }
    return result;
}

// Cut between two letters, not within one of several bytes.
static std::string cut(std::string_view text, std::size_t letters_max) {
    if (text.size() <= letters_max) return std::string{text};
    std::size_t end = letters_max - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return std::string{text.substr(0, end)} + "...";
}

struct Place {
    int x, y;
};

struct Box {
    Place at;
    int width, height;
    std::string_view look;  // "kernel", "ours", ...
};

static std::string box(const Box& box) {
    return "  <rect class=\"" + std::string{box.look} + "\" x=\"" + std::to_string(box.at.x) +
           "\" y=\"" + std::to_string(box.at.y) + "\" width=\"" + std::to_string(box.width) +
           "\" height=\"" + std::to_string(box.height) + "\" rx=\"6\"/>\n";
}

static std::string text(Place at, std::string_view words, std::string_view look = "small mono") {
    return "  <text class=\"" + std::string{look} + "\" x=\"" + std::to_string(at.x) + "\" y=\"" +
           std::to_string(at.y) + "\">" + escaped(words) + "</text>\n";
}

static std::string vertical_line(Place from, int to) {
    return "  <path class=\"line\" d=\"M" + std::to_string(from.x) + " " + std::to_string(from.y) +
           "V" + std::to_string(to) + "\"/>\n";
}

// The left column; returns its lower end in `bottom`.
static std::string draw_processes(const ContainerMap& map, int& bottom) {
    constexpr std::size_t letters = 52;
    const int height = kLine * static_cast<int>(map.processes.size()) + 34;
    std::string result = box({{20, 50}, 400, 34, "box"}) +
                         text({32, 72}, cut("slipwayd " + process_text(map.daemon), letters));
    const bool is_child = map.shim.parent == map.daemon.pid;
    if (is_child) result += vertical_line({40, 84}, 110);
    result += text({52, 102}, is_child ? "" : shim_text(map), "small");
    result += box({{20, 110}, 400, 34, "ours"}) +
              text({32, 132}, cut("shim " + process_text(map.shim), letters)) +
              vertical_line({40, 144}, 164) + box({{20, 164}, 400, height, "kernel"}) +
              text({32, 184}, "the container", "small");
    int y = 184 + kLine;
    for (const ProcessView& process : map.processes) {
        const int x = 32 + 14 * static_cast<int>(process.depth);
        result += text({x, y}, cut(process_text(process), letters - 2 * process.depth));
        y += kLine;
    }
    bottom = 164 + height;
    return result;
}

static std::string draw_namespaces(const ContainerMap& map, int& bottom) {
    std::string result = text({440, 44}, "namespaces", "small");
    int y = 50;
    for (const auto& [name, link, is_different] : map.namespaces) {
        const char* const verdict = link.empty() ? "?" : is_different ? "its own" : "yours";
        result +=
            box({{440, y}, 260, 24, is_different ? "ours" : "danger"}) + text({452, y + 16}, name);
        result += text({520, y + 16}, verdict, "small") +
                  text({580, y + 16}, link.substr(std::min(link.size(), link.find('['))));
        y += 28;
    }
    bottom = y;
    return result;
}

static std::string draw_list(std::string_view title, const std::vector<std::string>& lines,
                             int& y) {
    const int height = kLine * static_cast<int>(lines.size()) + 34;
    std::string result =
        box({{20, y}, kWidth - 40, height, "box"}) + text({32, y + 20}, title, "small");
    int line_y = y + 20;
    for (const std::string& line : lines) {
        line_y += kLine;
        result += text({32, line_y}, cut(line, kLettersMax));
    }
    y += height + 12;
    return result;
}

std::string map_as_svg(const ContainerMap& map) {
    int left = 0, right = 0;
    std::string drawn = draw_processes(map, left) + draw_namespaces(map, right);
    int y = std::max(left, right) + 16;
    drawn += draw_list("cgroups", cgroup_lines(map), y);
    drawn += draw_list("mounts", mount_lines(map), y);
    drawn += draw_list("descriptors of the shim", descriptor_lines(map), y);
    const std::string size = "width=\"720\" height=\"" + std::to_string(y) + "\"";
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 " + std::to_string(y) +
           "\" role=\"img\">\n  <title>Container " + escaped(title_of(map)) + "</title>\n  <desc>" +
           "Its daemon, its shim, its " + std::to_string(map.processes.size()) +
           " processes as a tree, its namespaces beside those of who looks, its cgroups, its "
           "mounts and the shim's descriptors.</desc>\n" +
           std::string{kStyle} + "  <rect class=\"page\" " + size + " rx=\"8\"/>\n" +
           text({20, 28}, title_of(map), "") + drawn + "</svg>\n";
}
