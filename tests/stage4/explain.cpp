// --explain of a root: its mounts, each where it goes, and the way in.
#include "tests/stage4/roots.hpp"

TEST_CASE("--explain tells each mount of a root, where it goes, and the way in", "[stage4]") {
    for (const int stage : stages_with_roots()) {
        const StageContainer container{stage};
        const Result result = run(container.probing({"pid"}, {"--explain"}));
        INFO(result);
        CHECK(result.out == "1\n");
        for (const auto& [type, place] : {std::pair{"proc", "/proc"}, std::pair{"sysfs", "/sys"},
                                          std::pair{"tmpfs", "/dev"}, std::pair{"tmpfs", "/tmp"}}) {
            const std::string end = std::string{place} + "\") = 0\n";
            const auto at = result.err.find(end);
            REQUIRE(at != std::string::npos);
            const std::string line = result.err.substr(result.err.rfind('\n', at) + 1, at);
            CHECK(line.find("move_mount(\"" + std::string{type} + "\", ") != std::string::npos);
        }
        CHECK(result.err.find("pivot_root(\".\", \".\") = 0\n") != std::string::npos);
        CHECK(result.err.find("umount2(\".\", MNT_DETACH) = 0\n") != std::string::npos);
    }
}

TEST_CASE("--explain tells a chroot from a pivot_root", "[stage4]") {
    const StageContainer container{4};
    const Result result = run(container.probing({"pid"}, {"--explain", "--chroot"}));
    INFO(result);
    CHECK(result.err.find("chroot(\".\") = 0\n") != std::string::npos);
    CHECK(result.err.find("pivot_root") == std::string::npos);
}

TEST_CASE("with --explain the temporary root goes as ever", "[stage4]") {
    RunOptions options;
    options.environment = {"TMPDIR=" + shared_temporary_directory(options)};
    const Result result =
        run({program(4), "run", "--quiet", "--explain", "--", "cat", "/etc/os-release"}, options);
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out.find("Slipway") != std::string::npos);
    CHECK(result.err.find("mkdir") == std::string::npos);  // of directories the groups alone
}
