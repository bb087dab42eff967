#include "tests/classroom/demo_tree.hpp"

#include "common/file.hpp"

static constexpr const char* kChapter = R"(# A word

## The contract

It says hello, and [nothing](README.md) else.

## Saying it

It is said.

```cpp stage1-demo/word.cpp word
```
)";

static constexpr const char* kErrors = R"(#pragma once
#include <stdexcept>
class Failure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};
)";

const char* const kDemoWord = R"(#include "stage1-demo/word.hpp"

static std::string with_newline(const std::string& text) {
    return text + "\n";
}

// The word that is said.
std::string word(int times) {
    return times > 0 ? with_newline("hello") : "";
}
)";

const char* const kDemoMain = R"(#include <cstdio>

#include "stage1-demo/word.hpp"

int main() try {
    std::fputs(word(1).c_str(), stdout);
} catch (const std::exception& error) {
    std::fprintf(stderr, "demo: %s\n", error.what());
    return 1;
}
)";

const char* const kDemoPatch = R"(--- a/stage1-demo/word.cpp
+++ b/stage1-demo/word.cpp
@@ -6,5 +6,5 @@
 
 // The word that is said.
 std::string word(int times) {
-    return times > 0 ? with_newline("hello") : "";
+    return times > 0 ? with_newline("goodbye") : "";
 }
)";

std::string demo_tree() {
    const std::string tree = temporary_directory();
    for (const char* folder : {"/common", "/stage1-demo", "/book/exercises", "/book/answers"}) {
        make_directories(tree + folder);
    }
    write_file(tree + "/common/error.hpp", kErrors);
    write_file(tree + "/stage1-demo/main.cpp", kDemoMain);
    write_file(tree + "/stage1-demo/word.cpp", kDemoWord);
    write_file(tree + "/stage1-demo/word.hpp",
               "#pragma once\n#include <string>\nstd::string word(int times);\n");
    write_file(tree + "/stage1-demo/notes.txt", "not for readers\n");
    write_file(tree + "/book/01-demo.md", kChapter);
    return tree;
}

Result build_in(const std::string& directory) {
    return run({"make", "-s"}, {.environment = {"MAKEFLAGS=", "MAKELEVEL=", "MFLAGS="},
                                .directory = directory,
                                .deadline = std::chrono::seconds{150}});
}
