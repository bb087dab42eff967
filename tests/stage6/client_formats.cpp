// Parts of the client that are functions of what is typed: templates, keys, words of options.
#include "common/error.hpp"
#include "stage6-daemon-shim/core/client/body_options.hpp"
#include "stage6-daemon-shim/core/client/detach_keys.hpp"
#include "stage6-daemon-shim/core/client/listing.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"
#include "tests/support/testing.hpp"

static const Json kContainer = parse_json(R"({"Name":"/web","State":{"Pid":12,"Running":true},
    "Args":["-c","x y"],"Labels":{"b":"2","a":"1"},"Error":null,"Config":{"Env":["A=1","B=2"]}})");

static std::string rendered(std::string_view text) {
    return Template{text}.render(kContainer);
}

TEST_CASE("a template shows what Go's would", "[stage6][client]") {
    CHECK(rendered("plain") == "plain");
    CHECK(rendered("{{.Name}} {{ .State.Pid }}, {{.State.Running}}") == "/web 12, true");
    CHECK(rendered("{{.Args}} {{.Labels}}") == "[-c x y] map[a:1 b:2]");
    CHECK(rendered("{{json .Config.Env}}") == R"(["A=1","B=2"])");
    CHECK(rendered("{{json .State}}") == R"({"Pid":12,"Running":true})");
    CHECK(rendered("{{upper .Name}}{{lower \"ABC\"}}{{title \"two words\"}}") ==
          "/WEBabcTwo Words");
    CHECK(rendered("{{len .Args}} {{len .Name}} {{index .Args 1}} {{index .Labels \"b\"}}") ==
          "2 4 x y 2");
    CHECK(rendered("{{join .Config.Env \", \"}} {{truncate .Name 2}}") == "A=1, B=2 /w");
    CHECK(rendered("{{.Args | json}} {{.Name | upper | len}}") == R"(["-c","x y"] 4)");
    CHECK(rendered("{{.Error}} {{.Labels.nope}} {{.Labels.a}}") == "<no value> <no value> 1");
    CHECK(rendered("a {{- .Name -}} b{{/* nothing */}}") == "a/webb");
    CHECK(rendered("{{println .Name}}") == "/web\n");
}

TEST_CASE("what a template cannot do is named", "[stage6][client]") {
    for (const char* text : {"{{range .Args}}x{{end}}", "{{if .Name}}x{{end}}", "{{$x := 1}}",
                             "{{(.Name)}}", "{{printf \"%d\" 1}}", "{{}}", "{{|}}"}) {
        INFO(text);
        CHECK_THROWS_AS(Template{text}, UsageError);
    }
    CHECK_THROWS_WITH(Template{"{{.Name"}, "--format: {{ without }}");
    CHECK_THROWS_WITH(Template{"{{json \"a}}"}, "--format: a quote is not closed");
    CHECK_THROWS_WITH(rendered("{{.Nope}}"), "--format: there is no .Nope");
    CHECK_THROWS_WITH(rendered("{{.State.Nope.More}}"), "--format: there is no .State.Nope.More");
    CHECK_THROWS_WITH(rendered("{{index .Args 2}}"), "--format: index 2 is out of range");
    CHECK_THROWS_AS(rendered("{{join .Args}}"), UsageError);
}

TEST_CASE("a list is a table, lines of a template or lines of JSON", "[stage6][client]") {
    constexpr ListColumn columns[] = {{"ID", "CONTAINER ID"}, {"Names", "NAMES"}};
    const std::vector<Json> rows = {Json::object({{"ID", "1"}, {"Names", "web"}}),
                                    Json::object({{"ID", "2"}, {"Names", "data\tbase"}})};
    const auto text = [&](std::string_view format) {
        return ListFormat{format, "{{.ID}}\t{{.Names}}"}.text(columns, rows, true);
    };
    CHECK(text("") == "CONTAINER ID   NAMES\n1              web\n2              data\n");
    CHECK(text("table {{.Names}}\\t{{.ID}}") ==
          "NAMES     CONTAINER ID\nweb       1\ndata      base\n");
    CHECK(text("{{.ID}}\\t{{.Names}}") == "1\tweb\n2\tdata\tbase\n");
    CHECK(text("json") ==
          "{\"ID\":\"1\",\"Names\":\"web\"}\n"
          "{\"ID\":\"2\",\"Names\":\"data\\tbase\"}\n");
    CHECK_THROWS_AS(text("raw"), UsageError);
    CHECK(ListFormat{"{{.Size}}", ""}.needs("Size"));
    CHECK(ListFormat{"{{json .}}", ""}.needs("Size"));
    CHECK_FALSE(ListFormat{"{{.ID}}", ""}.needs("Size"));
}

TEST_CASE("detach keys are held back until they are whole, and then nothing is sent",
          "[stage6][client]") {
    DetachKeys usual;
    CHECK(usual.pass("ls\x10") == "ls");
    CHECK(usual.pass("x\x10\x10") == "\x10x\x10");
    CHECK_FALSE(usual.pressed());
    CHECK(usual.pass("\x11more").empty());
    CHECK(usual.pressed());
    DetachKeys own{"ctrl-],q"};
    CHECK(own.pass("a\x1d") == "a");
    CHECK(own.pass("b") ==
          "\x1d"
          "b");
    own.pass("\x1dq");
    CHECK(own.pressed());
    for (const char* text : {"bogus-x", "ctrl-", "ctrl-1", "a,,b", ","}) {
        INFO(text);
        CHECK_THROWS_AS(DetachKeys{text}, UsageError);
    }
}

TEST_CASE("words of options become what the API has", "[stage6][client]") {
    CHECK(parse_mount("type=bind,src=/a,dst=/b,readonly").text() ==
          R"({"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true})");
    CHECK(parse_mount("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700").text() ==
          R"({"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1048576,"Mode":448}})");
    for (const char* text : {"type=bind,source=/a", "target=/b,what=1", "target=/t,tmpfs-mode=x"}) {
        INFO(text);
        CHECK_THROWS_AS(parse_mount(text), UsageError);
    }
    CHECK(parse_restart_policy("on-failure:3").text() ==
          R"({"Name":"on-failure","MaximumRetryCount":3})");
    CHECK(parse_restart_policy("always").text() == R"({"Name":"always","MaximumRetryCount":0})");
    for (const char* text : {"", "never", "always:3", "on-failure:", "on-failure:x"}) {
        INFO(text);
        CHECK_THROWS_AS(parse_restart_policy(text), UsageError);
    }
    CHECK(parse_nanoseconds("1m30s", "--x") == 90'000'000'000);
    CHECK(parse_nanoseconds("250ms", "--x") == 250'000'000);
    CHECK(parse_nanoseconds("0", "--x") == 0);
    CHECK_THROWS_AS(parse_nanoseconds("5", "--x"), UsageError);
    CHECK(absolute_bind("/a:/b") == "/a:/b");
    CHECK(absolute_bind("./a:/b").starts_with("/"));
    CHECK(absolute_bind("name:/b") == "name:/b");
}
