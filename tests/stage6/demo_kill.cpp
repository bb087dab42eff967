// make demo-kill, to be seen by a class: it ends properly wherever it is shown.
#include "common/file.hpp"
#include "tests/support/testing.hpp"

// A PATH on which dockerd's programs are these scripts.
static std::string path_with(const std::string& containerd) {
    const std::string directory = temporary_directory();
    write_file(directory + "/docker", "#!/bin/sh\nexit 1\n", 0755);
    write_file(directory + "/dockerd", "#!/bin/sh\nexit 1\n", 0755);
    write_file(directory + "/containerd", containerd, 0755);
    return "PATH=" + directory + ":/usr/sbin:/usr/bin:/sbin:/bin";
}

static Result demo(const std::string& path) {
    return run({"bash", source_directory() + "/stage6-daemon-shim/demo-kill.sh"},
               {.environment = {path, "LAST=60"}, .deadline = std::chrono::seconds{120}});
}

TEST_CASE("demo-kill loses no number, and says in a line why dockerd cannot be shown",
          "[stage6][root]") {
    const Result result =
        demo(path_with("#!/bin/sh\necho containerd: no space left on device >&2\nexit 1\n"));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    CHECK(result.out.find("slipwayd: 60 numbers, none missing.\n") != std::string::npos);
    const std::string why = "containerd: no space left on device";
    CHECK(result.out.find("dockerd does not come up (" + why + "); once more.\n") !=
          std::string::npos);
    CHECK(result.out.ends_with("Skipped: dockerd does not start here: " + why + "\n"));
}

TEST_CASE("demo-kill ends the containerd whose dockerd has not come up", "[stage6][root]") {
    // Anything that listens there looks ready.
    const Result result =
        demo(path_with("#!/bin/sh\nwhile [ \"$1\" != --address ]; do shift; done\nexec '" +
                       built("slipwayd") + "' --quiet --root \"$2.root\" --socket \"$2\"\n"));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.ends_with("Skipped: dockerd does not start here: no answer in time\n"));
}
