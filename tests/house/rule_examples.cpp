// Each rule of the house finds what breaks it, and is silent about what keeps it.
#include "tests/house/rules.hpp"
#include "tests/support/testing.hpp"

static std::string times(const std::string& text, int count) {
    std::string result;
    for (int i = 0; i < count; ++i) result += text;
    return result;
}

static bool may_include(const std::string& path, const std::string& included) {
    return check_includes({path, "#include \"" + included + "\"\n"}).empty();
}

TEST_CASE("an include that points up or aside is found, with its line", "[house]") {
    const Faults faults =
        check_includes({"common/a.cpp", "#include <x>\n#include \"stage1-tcp-manager/b.hpp\"\n"});
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].line == 2);
    CHECK(describe(faults) == "common/a.cpp:2: may not include stage1-tcp-manager/b.hpp\n");
    CHECK(may_include("common/a.cpp", "common/b.hpp"));
    CHECK(may_include("stage4-chroot/a.cpp", "stage4-chroot/b.hpp"));
    CHECK(may_include("stage4-chroot/a.cpp", "stage3-namespaces/b.hpp"));
    CHECK_FALSE(may_include("stage3-namespaces/a.cpp", "stage4-chroot/b.hpp"));
    CHECK_FALSE(may_include("stage3-namespaces/a.cpp", "tests/support/b.hpp"));
    CHECK_FALSE(may_include("stage3-namespaces/a.cpp", "b.hpp"));
    CHECK(may_include("tests/stage4/a.cpp", "stage5-cgroups/b.hpp"));
}

TEST_CASE("in stage 6 an include that is no edge of the table is found", "[house]") {
    const std::string core = "stage6-daemon-shim/core/";
    const std::string features = "stage6-daemon-shim/features/";
    CHECK(may_include(core + "shim/a.cpp", core + "contract/b.hpp"));
    CHECK_FALSE(may_include(core + "shim/a.cpp", core + "daemon/b.hpp"));
    CHECK_FALSE(may_include(core + "shim/a.cpp", "stage3-namespaces/b.hpp"));
    CHECK_FALSE(may_include(core + "client/a.cpp", core + "contract/b.hpp"));
    CHECK_FALSE(may_include(core + "contract/a.cpp", core + "runtime/b.hpp"));
    CHECK_FALSE(may_include(core + "json/a.cpp", core + "wire/b.hpp"));
    CHECK(may_include(core + "runtime/a.cpp", "stage5-cgroups/b.hpp"));
    CHECK(may_include(core + "daemon/a.cpp", core + "runtime/spec.hpp"));
    CHECK_FALSE(may_include(core + "daemon/a.cpp", core + "runtime/launch.hpp"));
    CHECK_FALSE(may_include(core + "daemon/a.cpp", "stage3-namespaces/b.hpp"));
    CHECK_FALSE(may_include(core + "daemon/a.cpp", features + "observe/b.hpp"));
    CHECK_FALSE(may_include(core + "orchestratord.cpp", features + "observe/b.hpp"));
    CHECK(may_include(features + "observe/a.cpp", core + "daemon/b.hpp"));
    CHECK(may_include(features + "observe/a.cpp", features + "observe/b.hpp"));
    CHECK_FALSE(may_include(features + "observe/a.cpp", features + "policies/b.hpp"));
    CHECK(may_include("stage6-daemon-shim/slipwayd.cpp", features + "policies/b.hpp"));
}

TEST_CASE("a line and a file that are too long are found", "[house]") {
    CHECK(check_lengths({"common/a.cpp", std::string(100, 'x') + "\n"}).empty());
    CHECK(check_lengths({"common/a.cpp", "\n" + std::string(101, 'x')}).at(0).line == 2);
    CHECK(check_lengths({"common/a.cpp", times("\xc3\xa4", 100)}).empty());
    CHECK(check_lengths({"common/a.cpp", times("x\n", 350)}).empty());
    CHECK(check_lengths({"common/a.cpp", times("x\n", 351)}).size() == 1);
    CHECK(check_lengths({"common/a_table.cpp", times("x\n", 351)}).empty());
}

TEST_CASE("a function that is too long is found, wherever it stands", "[house]") {
    const auto faults_of = [](const std::string& head, int lines, const std::string& tail) {
        return check_functions({"common/a.cpp", head + times("    x();\n", lines) + tail}).size();
    };
    CHECK(faults_of("int f(int a) {\n", 48, "}\n") == 0);
    CHECK(faults_of("int f(int a) {\n", 49, "}\n") == 1);
    CHECK(faults_of("int f(int a,\n      int b) {\n", 48, "}\n") == 1);
    CHECK(faults_of("struct S {\n    int f() const {\n", 49, "}\n};\n") == 1);
    CHECK(faults_of("S::S(int a) : a_{a}, b_{0} {\n", 49, "}\n") == 1);
    CHECK(faults_of("int f() {\n    if (a) {\n", 47, "}\n}\n") == 1);
    CHECK(faults_of("int main() try {\n", 49, "} catch (const E& e) {\n}\n") == 1);
    CHECK(faults_of("static const int table[] = {\n", 60, "};\n") == 0);
    CHECK(faults_of("struct S {\n    int f() { return 1; }\n", 60, "};\n") == 0);
    CHECK(faults_of("class S : public T {\n", 60, "};\n") == 0);
    CHECK(check_functions({"common/a.cpp", "void f() {\n" + times("\n", 49) + "}\n"}).at(0).what ==
          "function of 51 lines (50 allowed)");
}

TEST_CASE("main() of a stage has at most forty lines", "[house]") {
    const std::string text =
        "int main(int argc, char** argv) {\n" + times("    x();\n", 39) + "}\n";
    CHECK(check_functions({"stage3-namespaces/main.cpp", text}).size() == 1);
    CHECK(check_functions({"tests/support/main.cpp", text}).empty());
}

TEST_CASE("forbidden calls are found in code, not in comments and texts", "[house]") {
    const auto faults_of = [](const std::string& text) {
        return check_forbidden({"stage3-namespaces/a.cpp", text}).size();
    };
    CHECK(faults_of("::system(command);\n") == 1);
    CHECK(faults_of("FILE* f = popen(command, mode);\n") == 1);
    CHECK(faults_of("std::thread worker{f};\n") == 1);
    CHECK(faults_of("::sleep(1);\n") == 1);
    CHECK(faults_of("std::this_thread::yield();\n") == 1);
    CHECK(faults_of("using namespace std;\n") == 2);
    CHECK(faults_of("namespace detail {\n") == 1);
    CHECK(faults_of("#define X 1\n") == 1);
    CHECK(faults_of("::close(fd);\n") == 1);
    CHECK(faults_of(std::string{"// TO"} + "DO: later\n") == 1);
    CHECK(faults_of("// never system(x)\nprint(\"system(x)\");\n/* popen( */\n") == 0);
    CHECK(faults_of("file_system(x); user_namespace(); directory.close();\n") == 0);
    CHECK(check_forbidden({"common/fd.hpp", "::close(fd);\n"}).empty());
}

TEST_CASE("a co_await inside the head of a statement is found", "[house]") {
    const std::string daemon = "stage6-daemon-shim/core/daemon/a.cpp";
    const auto faults_of = [&](const std::string& text) {
        return check_awaits({daemon, text}).size();
    };
    CHECK(faults_of("if (co_await ready()) go();\n") == 1);
    CHECK(faults_of("while ((co_await read(a)) > 0) go();\n") == 1);
    CHECK(faults_of("for (const auto& x : co_await all()) go();\n") == 1);
    CHECK(faults_of("switch (co_await kind()) {\n") == 1);
    CHECK(faults_of("if constexpr (co_await a()) go();\n") == 1);
    CHECK(check_awaits({daemon, "\nif (a &&\n    co_await b()) go();\n"}).at(0).line == 3);
    CHECK(faults_of("if (ready(a)) co_await go(b);\n") == 0);
    CHECK(faults_of("while (more) more = co_await go(b);\n") == 0);
    CHECK(faults_of("const bool is_ready = co_await ready();\nif (is_ready) go();\n") == 0);
    CHECK(faults_of("// if (co_await ready()) go();\nnotify(co_await ready());\n") == 0);
    const std::string text = "if (co_await ready()) go();\n";
    CHECK(check_awaits({"stage6-daemon-shim/features/observe/a.hpp", text}).size() == 1);
    CHECK(check_awaits({"tests/stage6/a.cpp", text}).empty());
}

TEST_CASE("streams in what the shim links are found", "[house]") {
    CHECK(check_headers_of_shim({"common/a.cpp", "#include <iostream>\n"}).size() == 1);
    CHECK(check_headers_of_shim({"stage4-chroot/a.cpp", "#include <filesystem>\n"}).size() == 1);
    CHECK(check_headers_of_shim({"stage6-daemon-shim/core/shim/a.cpp", "#include <sstream>\n"})
              .size() == 1);
    CHECK(check_headers_of_shim({"tests/a.cpp", "#include <iostream>\n"}).empty());
}

TEST_CASE("a main.cpp that does not say what it uses is found", "[house]") {
    const auto faults_of = [](const std::string& text) {
        return check_first_comment({"stage4-chroot/main.cpp", text}).size();
    };
    CHECK(faults_of("// Stage 4: files. Uses stage 3.\n#include \"stage3-namespaces/a.hpp\"\n") ==
          0);
    CHECK(faults_of("// Stage 4: files. Uses common/.\n#include \"stage3-namespaces/a.hpp\"\n") ==
          1);
    CHECK(faults_of("// Stage 4: files.\n") == 1);
    CHECK(faults_of("#include <a>\n") == 2);
}

TEST_CASE("common that knows too much or grows too large is found", "[house]") {
    CHECK(check_common({{"common/a.hpp", "int a;\n"}}).empty());
    CHECK(check_common({{"common/a.hpp", "// the Container\n"}}).size() == 1);
    CHECK(check_common({{"common/a.hpp", times("int a;\n", 701)}}).size() == 1);
    CHECK(check_common({{"common/a.hpp", times("int a;\n\n// why\n", 700)}}).empty());
    Tree nine;
    for (const char letter : std::string{"abcdefghi"}) {
        nine.push_back({std::string{"common/"} + letter + ".hpp", ""});
    }
    CHECK(check_common(nine).size() == 1);
    nine.pop_back();
    CHECK(check_common(nine).empty());
}

TEST_CASE("a step of too many files or lines is found", "[house]") {
    const SourceFile readme{"stage3-namespaces/README.md",
                            "# Stage 3\n\n## Edges\n\nnot two: `init`\n"};
    Tree tree{{"stage3-namespaces/main.cpp", times("int a;\n", 100)},
              {"stage3-namespaces/one.cpp", times("int a;\n", 100)},
              {"stage3-namespaces/two.cpp", times("int a;\n", 100)},
              {"stage3-namespaces/init.cpp", times("int a;\n", 100)}};
    CHECK(check_step(tree, "stage3-namespaces").empty());  // no README, no rule
    tree.push_back(readme);
    CHECK(check_step(tree, "stage3-namespaces").empty());
    tree[0].text += "int b;\n";
    CHECK(check_step(tree, "stage3-namespaces").size() == 1);
    tree[0].text.clear();
    tree.push_back({"stage3-namespaces/three.hpp", ""});
    CHECK(check_step(tree, "stage3-namespaces").size() == 1);
}

TEST_CASE("a second home of a special call is found", "[house]") {
    const SourceFile home{"stage4-chroot/a.cpp", "::syscall(SYS_pivot_root, a, b);\n"};
    CHECK(check_homes({home}).empty());
    CHECK(check_homes({home, {"stage4-chroot/b.cpp", "enter_by_pivot_root(a);\n"}}).empty());
    CHECK(check_homes({home, {"stage5-cgroups/b.cpp", "pivot_root(a, b);\n"}}).size() == 1);
    CHECK(check_homes({home, {"tests/b.cpp", "pivot_root(a, b);\n"}}).empty());
    const std::string write = "write_control_file(a, b);\n";
    CHECK(check_homes({{"stage5-cgroups/a.cpp", write}}).empty());
    CHECK(check_homes({{"stage5-cgroups/a.cpp", write + write}}).size() == 1);
}

TEST_CASE("what does not belong to the top level, and what is missing, is found", "[house]") {
    std::vector<std::string> names{"LICENSE",
                                   "Makefile",
                                   "README.md",
                                   "book",
                                   "common",
                                   "tests",
                                   "stage1-tcp-manager",
                                   "stage2-cli-client",
                                   "stage3-namespaces",
                                   "stage4-chroot",
                                   "stage5-cgroups",
                                   "stage6-daemon-shim",
                                   ".git",
                                   "build"};
    CHECK(check_top_level(names).empty());
    names.push_back("notes.txt");
    CHECK(check_top_level(names).at(0).path == "notes.txt");
    names.erase(names.begin());
    CHECK(check_top_level(names).size() == 2);
}

TEST_CASE("comments and literals are no code", "[house]") {
    CHECK(code_of("a; // b\nc") == "a;     \nc");
    CHECK(code_of("a /* b\n c */ d") == "a     \n      d");
    CHECK(code_of("f(\"a // b\");") == "f(\"      \");");
    CHECK(code_of("1'000; '\"'; x") == "1'000;    ; x");
    CHECK(code_of("R\"(a \" b)\" c") == "           c");
    CHECK(lines_of_code("int a;\n\n// b\n/* c\n d */\nint e;\n") == 2);
}
