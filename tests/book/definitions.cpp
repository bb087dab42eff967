// What stands where in a source file.
#include "tests/support/definitions.hpp"

#include "common/file.hpp"
#include "tests/support/source.hpp"
#include "tests/support/testing.hpp"

static std::string names_of(const std::string& text) {
    std::string names;
    for (const Definition& definition : definitions_of(text)) names += definition.name + " ";
    return names;
}

static Definition only_definition(const std::string& text) {
    const auto found = definitions_of(text);
    REQUIRE(found.size() == 1);
    return found[0];
}

TEST_CASE("a function is found with its lines and its body, without the comment above it",
          "[book][definitions]") {
    const std::string text =
        "#include <x>\n\n// Adds {.\nint add(int a,\n        int b) {\n    if "
        "(a) {\n        return b;  // }\n    }\n    return a;\n}\n\n";
    const Definition add = only_definition(text);
    CHECK(add.name == "add");
    CHECK(add.kind == DefinitionKind::function);
    CHECK(add.first_line == 4);
    CHECK(add.last_line == 10);
    CHECK(add.text.starts_with("int add(int a,\n"));
    CHECK(add.text.ends_with("    return a;\n}\n"));
    CHECK(text.substr(add.body_begin, 7) == "{\n    i");
    CHECK(text.substr(add.body_end - 1, 2) == "\n}");
}

TEST_CASE("the names of functions are those that a reader writes", "[book][definitions]") {
    CHECK(names_of("static std::map<int, int (*)(int)> f(std::function<void(int)> g) {\n}\n") ==
          "f ");
    CHECK(names_of("[[noreturn]] static void leave(int code) noexcept {\n}\n") == "leave ");
    CHECK(names_of("template <class Call>\nauto retry(Call c) -> decltype(c()) {\n}\n") ==
          "retry ");
    CHECK(names_of("int Fd::get() const {\n}\nFd::~Fd() {\n}\n") == "Fd::get Fd::~Fd ");
    CHECK(names_of("Fd& Fd::operator=(Fd&& o) noexcept {\n}\n") == "Fd::operator= ");
    CHECK(names_of("bool operator==(A a, B b) {\n}\nF::operator bool() const {\n}\n") ==
          "operator== F::operator bool ");
    CHECK(names_of("void F::operator()(int a) {\n}\n") == "F::operator() ");
    CHECK(names_of("S::S(int a) : a_{a}, b_{{1}, 2}, c_(a) {\n    x();\n}\n") == "S::S ");
    CHECK(names_of("S::S(int a)\n    : a_{a} {}\n") == "S::S ");
    CHECK(names_of("void f(const O& o = {}) {\n}\n") == "f ");
    CHECK(names_of("std::string f() {\n    return R\"({{{)\" + '{';\n}\nint g() {\n}\n") == "f g ");
}

TEST_CASE("the handlers of a function try block belong to the function", "[book][definitions]") {
    const std::string text =
        "int main() try {\n    x();\n} catch (const E& e) {\n    y();\n} catch (...) {\n}\n";
    const Definition main = only_definition(text);
    CHECK(main.name == "main");
    CHECK(main.last_line == 6);
    CHECK(text.substr(main.body_end, 7) == "} catch");
}

TEST_CASE("types are found with what is defined inside them", "[book][definitions]") {
    const std::string text =
        "class A : public B {\npublic:\n    A() : b_{1} {}\n    explicit A(int);"
        "\n    int get() const { return b_; }\n\nprivate:\n    enum class "
        "State { on, off };\n    struct C {\n        int x = 0;\n    };\n    "
        "int b_ = 2;\n};\n";
    const auto found = definitions_of(text);
    CHECK(names_of(text) == "A A::A A::get A::State A::C ");
    REQUIRE(found.size() == 5);
    CHECK(found[0].kind == DefinitionKind::type);
    CHECK(found[0].first_line == 1);
    CHECK(found[0].last_line == 13);
    CHECK(found[2].text == "    int get() const { return b_; }\n");
    CHECK(found[4].last_line == 11);
    CHECK(names_of("struct A;\nenum class B : int;\nstruct C final {};\nenum D { e };\n") ==
          "C D ");
    CHECK(names_of("template <class T>\nstruct L<T> {\n    T t{};\n};\nint f() {\n}\n") == "L f ");
}

TEST_CASE("constants at file level are found, declarations are not", "[book][definitions]") {
    const std::string text =
        "static constexpr Row kRows[] = {\n    {\"a\", {1, 2}},\n    {f, 3},\n"
        "};\n";
    const Definition rows = only_definition(text);
    CHECK(rows.name == "kRows");
    CHECK(rows.kind == DefinitionKind::constant);
    CHECK(rows.last_line == 4);
    CHECK(text.substr(rows.body_begin, 2) == "{\n");
    CHECK(text.substr(rows.body_end) == "};\n");
    CHECK(names_of("constexpr int kMax = 4 * (1 + 2);\nconst T kTime{20};\n") == "kMax kTime ");
    CHECK(names_of("static constexpr std::array<int, 2> kTwo = {1, 2};\n") == "kTwo ");
    CHECK(names_of("static const auto kLess = [](int a) { return a < 1; };\n") == "kLess ");
    CHECK(names_of("using A = std::vector<int>;\n") == "A ");
    CHECK(names_of("int f(int a = 1);\nextern int x;\nT::T() = default;\nint g() {\n}\n") == "g ");
}

TEST_CASE("a definition found in a file of the project begins where its text says",
          "[book][definitions]") {
    const std::string text = read_file(source_directory() + "/common/fd.hpp");
    const auto lines = lines_of(text);
    const auto found = definitions_of(text);
    REQUIRE(found.size() > 5);
    for (const Definition& definition : found) {
        INFO(definition.name);
        CHECK(lines_of(definition.text).front() == lines[definition.first_line - 1]);
        CHECK(lines_of(definition.text).back() == lines[definition.last_line - 1]);
        CHECK(text[definition.body_begin] == '{');
        CHECK(text[definition.body_end] == '}');
    }
}
