// What an exec must not bring into a container beside its command.
#include <sys/stat.h>

#include "common/file.hpp"
#include "tests/stage3/pseudo_terminal.hpp"
#include "tests/stage6/exec_scene.hpp"
#include "tests/stage6/isolation_scene.hpp"

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

// CVE-2017-5226: a program types into the terminal of the shell that started it. In a container the
// terminal is another one. The control is the same program without a container.
TEST_CASE("escape: keys pushed into a container's terminal stay inside", "[stage6][escape][root]") {
    IsolationScene scene;
    scene.create_with_probe("web", {"push-keys", "touch pushed"},
                            [](Json& body) { body["Tty"] = body["OpenStdin"] = true; });
    const std::string place = temporary_directory();
    AtTerminal person{{"env", "PS1=> ", "sh", "-i"}};
    const auto is_pushed = [&] { return file_exists(place + "/pushed"); };
    person.wait_for("> ");
    person.type("cd " + place + "\n");
    person.wait_for("> ");
    person.type(built("slipway") + " --socket " + scene.socket() +
                " start -ai web; echo co''de $?\n");
    person.wait_for("code 0");
    person.type("echo ne''xt\n");
    person.wait_for("next");
    CHECK_FALSE(is_pushed());
    person.type(probe() + " push-keys 'touch pushed'\n");
    wait_until(is_pushed, "the control: without a container it is typed");
    person.type("rm pushed; exit\n");
    person.wait();
}
