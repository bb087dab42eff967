// What an exec must not bring into a container beside its command.
#include <sys/stat.h>

#include "common/file.hpp"
#include "tests/stage6/exec_scene.hpp"

// CVE-2016-9962: between the step inside and the exec the new process holds what the shim holds.
// Whoever lives inside looks at all descriptors that there are, again and again. Its control needs
// another shim: without PR_SET_DUMPABLE in core/runtime/join.cpp the lock is seen here.
TEST_CASE("escape: nobody inside sees the shim's descriptors while an exec begins",
          "[stage6][exec][escape][root]") {
    EngineScene scene;
    const std::string watcher =
        "while :; do ls -l /proc/[0-9]*/fd 2>/dev/null | grep -m 1 shim.lock; done";
    scene.run_detached("web", {"sh", "-c", watcher + " & " + watcher});
    for (int i = 0; i < 100; ++i) CHECK(exec_to_end(scene, "web", {"true"}).code == 0);
    CHECK(scene.logs("web").out.empty());
}

// CVE-2019-5736: whoever is inside reaches the program that starts an exec, and writes to it.
TEST_CASE("escape: the program that starts an exec cannot be written to",
          "[stage6][exec][escape][root]") {
    EngineScene scene;
    const std::string before = run({"sha256sum", built("slipway-shim")}).out;
    const std::string writer =
        "while :; do for exe in /proc/[0-9]*/exe; do"
        " case $(readlink $exe) in *slipway-shim*) echo seen; echo x >> $exe;; esac; done; done";
    scene.run_detached("web", {"sh", "-c", writer + " 2>/dev/null & " + writer + " 2>/dev/null"});
    for (int i = 0; i < 50; ++i) CHECK(exec_to_end(scene, "web", {"true"}).code == 0);
    CHECK(run({"sha256sum", built("slipway-shim")}).out == before);
    CHECK(exec_to_end(scene, "web", {"true"}).code == 0);
}
