#include "stage6-daemon-shim/core/json/json.hpp"

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "tests/support/testing.hpp"

// What parsing says: the value printed again, or the error's text.
static std::string parsed(std::string_view text) {
    try {
        return parse_json(text).text();
    } catch (const JsonError& error) {
        return error.what();
    }
}

TEST_CASE("JSON values are printed as they were read", "[stage6][json]") {
    for (const std::string text :
         {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "1.5",
          "-0.25", "1e+300", "\"\"", "\"a b\"", "[]", "{}", "[1,2,[3]]", R"({"b":1,"a":{"c":[]}})",
          R"("\"\\\n\r\t\u0001\u007f")", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""}) {
        CHECK(parsed(text) == text);
    }
    CHECK(parsed(" \t\r\n[ 1 , 2 ]\n") == "[1,2]");
    CHECK(parsed("1.0") == "1.0");
    CHECK(parsed("1E2") == "100.0");
    CHECK(parsed("18446744073709551616") == "18446744073709551616.0");
    CHECK(parsed(R"("\/\b\f\u0041\u00e9\u20AC\ud83d\ude00")") ==
          "\"/\\u0008\\u000cA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST_CASE("a JSON text that is wrong is refused with the place and the reason", "[stage6][json]") {
    CHECK(parsed("") == "invalid JSON at byte 0: unexpected end");
    CHECK(parsed("[1,]") == "invalid JSON at byte 3: expected a value");
    CHECK(parsed("[1 2]") == "invalid JSON at byte 3: expected ',' or ']'");
    CHECK(parsed("{\"a\" 1}") == "invalid JSON at byte 5: expected ':'");
    CHECK(parsed("{\"a\":1 \"b\"}") == "invalid JSON at byte 7: expected ',' or '}'");
    CHECK(parsed("{a:1}") == "invalid JSON at byte 1: expected a member's name in quotes");
    CHECK(parsed("{} x") == "invalid JSON at byte 3: unexpected data after the value");
    CHECK(parsed("\"abc") == "invalid JSON at byte 4: unexpected end of a string");
    CHECK(parsed("\"\xff\"") == "invalid JSON at byte 1: invalid UTF-8");
    CHECK(parsed(R"("\ud800")") == "invalid JSON at byte 7: half a surrogate pair");
    CHECK(parsed("1e999") == "invalid JSON at byte 5: number out of range");
}

static void check_refused(const std::vector<std::string_view>& texts) {
    for (const std::string_view text : texts) {
        INFO(text);
        CHECK_THROWS_AS(parse_json(text), JsonError);
    }
}

TEST_CASE("what is not JSON to the letter is refused", "[stage6][json]") {
    using std::string_view_literals::operator""sv;
    check_refused({"[",        "]",       "{",     "[1",  "[,1]", "[1,,2]", "{\"a\":1,}",
                   "{\"a\":}", "{\"a\"}", "{1:1}", "01",  "-",    "-01",    "+1",
                   "1.",       ".5",      "1e",    "1e+", "0x1",  "1_0",    "NaN",
                   "Infinity", "tru",     "True",  "nul", "'a'"});
    check_refused(
        {"// c\n1", "[1]]", "1 2", "\xef\xbb\xbf{}", "1e999", "1e-999", "\0"sv, "1\0"sv, "[\0]"sv});
}

TEST_CASE("a JSON string that is wrong within is refused", "[stage6][json]") {
    check_refused({"\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"", "\"\\", "\"\\u",
                   "\"\\ud800\\u0041\"", "\"\\ude00\"", "\"\\ud800x\"", "\"\xc0\x80\"",
                   "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "\"\x80\"",
                   "\"\x1f\""});
}

TEST_CASE("JSON is refused beyond 64 levels and beyond its size", "[stage6][json]") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(parsed(nested(64)) == nested(64));
    CHECK(parsed(nested(65)) == "invalid JSON at byte 64: nested more than 64 deep");
    CHECK_THROWS_AS(parse_json(std::string(100000, '[')), JsonError);
    CHECK(parse_json("[[]]", {.depth_max = 2}).is_array());
    CHECK_THROWS_AS(parse_json("[[]]", {.depth_max = 1}), JsonError);
    CHECK(parse_json("[10]", {.bytes_max = 4}).is_array());
    CHECK_THROWS_AS(parse_json("[100]", {.bytes_max = 4}), JsonError);
}

TEST_CASE("of two members of one name the last counts, however many there are", "[stage6][json]") {
    CHECK(parsed(R"({"a":1,"b":2,"a":3})") == R"({"b":2,"a":3})");
    std::string many = "{";
    for (int i = 0; i < 60000; ++i) many += "\"k" + std::to_string(i % 30000) + "\":1,";
    many += "\"last\":true}";
    CHECK(parse_json(many).as_object().size() == 30001);
}

TEST_CASE("whole numbers of 64 bits are kept exactly", "[stage6][json]") {
    CHECK(parse_json("9007199254740993").as_integer() == 9007199254740993);
    CHECK(Json{std::uint64_t{1} << 63}.kind() == Json::Kind::number);
    CHECK(Json{true}.kind() == Json::Kind::boolean);
    CHECK(Json{7u}.as_integer() == 7);
    CHECK(Json{7}.as_number() == 7.0);
    CHECK_THROWS_WITH(Json{1.5}.as_integer(), "expected a whole number of 64 bits");
    CHECK_THROWS_WITH(Json{"x"}.as_integer(), "expected a number");
    CHECK_THROWS_WITH(Json{}.as_string(), "expected a string");
}

TEST_CASE("a JSON tree is built as it is read", "[stage6][json]") {
    const std::string id = "abc";
    Json json = Json::object({
        {"Id", id},
        {"Names", Json::array({"/one", "/two"})},
        {"State", Json::object({{"Running", true}, {"Pid", 42}, {"Load", 0.5}})},
        {"Mounts", Json::array()},
        {"Node", nullptr},
    });
    json["Created"] = std::int64_t{5};
    json["State"]["ExitCode"] = 0;
    json["Mounts"].push_back(Json::object());
    CHECK(json.text() ==
          R"({"Id":"abc","Names":["/one","/two"],"State":{"Running":true,"Pid":42,"Load":0.5,)"
          R"("ExitCode":0},"Mounts":[{}],"Node":null,"Created":5})");
    CHECK(parse_json(json.text()) == json);
    CHECK(Json::array(std::vector<std::string>{"a"}).text() == R"(["a"])");
    CHECK(json.find("Nothing") == nullptr);
    CHECK(Json{1}.find("Id") == nullptr);
    CHECK_THROWS_AS(json["Id"]["x"], JsonError);
}

TEST_CASE("a JSON tree is indented for a person", "[stage6][json]") {
    const Json json = parse_json(R"([{"Id":"a","Args":[1,2],"No":{},"None":[]}])");
    CHECK(json.indented_text() ==
          "[\n    {\n        \"Id\": \"a\",\n        \"Args\": [\n            1,\n            2\n"
          "        ],\n        \"No\": {},\n        \"None\": []\n    }\n]");
}

TEST_CASE("bytes that are no UTF-8 never make broken JSON", "[stage6][json]") {
    const std::string text = Json{std::string{"a\xff\xc3z\xed\xa0\x80"}}.text();
    CHECK(text == "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    CHECK_NOTHROW(parse_json(text));
}

TEST_CASE("fields are read with their fallbacks, and errors name them", "[stage6][json]") {
    const Json json = parse_json(R"({"Image":"host","Tty":true,"Null":null,"Cmd":["a","b"],
        "Entrypoint":"sh","Labels":{"x":"1","y":"2"},"Bad":"a\u0000b","List":["a","\u0000"],
        "HostConfig":{"Memory":"many","Cpu":1.5,"Pids":7,"Binds":[1]},"Mounts":[{"Type":1}]})");
    const JsonReader body{json};
    CHECK(body.get_string("Image") == "host");
    CHECK(body.get_string("Missing", "else") == "else");
    CHECK(body.get_string("Null", "else") == "else");
    CHECK(body.get_bool("Tty"));
    CHECK(body.get_bool("OpenStdin", true));
    CHECK(body.get_strings("Cmd") == std::vector<std::string>{"a", "b"});
    CHECK(body.get_words("Entrypoint") == std::vector<std::string>{"sh"});
    CHECK(body.get_strings("Missing").empty());
    CHECK(body.get_string_map("Labels").at(1) == std::pair<std::string, std::string>{"y", "2"});
    CHECK(body.get_string_map("Missing").empty());
    CHECK_FALSE(body.has("Null"));
    const JsonReader host = body.get_object("HostConfig");
    CHECK(host.get_integer("Pids") == 7);
    CHECK(host.get_number("Cpu") == 1.5);
    CHECK(body.get_object("Missing").get_integer("x", 3) == 3);
    CHECK_THROWS_WITH(host.get_integer("Memory"), "field HostConfig.Memory: expected a number");
    CHECK_THROWS_WITH(host.get_integer("Cpu"),
                      "field HostConfig.Cpu: expected a whole number of 64 bits");
    CHECK_THROWS_WITH(host.get_strings("Binds"), "field HostConfig.Binds[0]: expected a string");
    CHECK_THROWS_WITH(body.get_bool("Image"), "field Image: expected true or false");
    CHECK_THROWS_WITH(body.get_object("Image"), "field Image: expected an object");
    CHECK_THROWS_WITH(body.get_strings("Image"), "field Image: expected an array");
    CHECK_THROWS_WITH(body.get_string("Bad"), "NUL byte in Bad");
    CHECK_THROWS_WITH(body.get_strings("List"), "NUL byte in List[1]");
    CHECK_THROWS_WITH(body.get_objects("Mounts").at(0).get_string("Type"),
                      "field Mounts[0].Type: expected a string");
    CHECK_THROWS_WITH(host.fail("Pids", "too few"), "field HostConfig.Pids: too few");
    const Json list = Json::array();
    CHECK_THROWS_WITH(JsonReader{list}, "expected an object");
}
