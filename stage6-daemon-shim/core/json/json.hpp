// JSON values (RFC 8259): what the API, the records and the launch spec are written in.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// The text is no JSON, or a value is not of the type that was asked for. The text says what, and
// where: a byte offset or a field's name.
class JsonError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Json;
struct JsonMember;
struct JsonField;

class Json {
public:
    enum class Kind { null, boolean, integer, number, string, array, object };
    using Array = std::vector<Json>;
    using Object = std::vector<JsonMember>;  // in the order in which they were written

    Json();
    Json(std::nullptr_t);
    Json(std::same_as<bool> auto value) : Json{Boolean{value}} {}
    // Whole numbers are kept exactly; one above 2^63 - 1 becomes a number.
    Json(std::integral auto value) requires(!std::same_as<decltype(value), bool>)
        : Json{Whole{std::in_range<std::int64_t>(value), static_cast<std::int64_t>(value),
                     static_cast<double>(value)}} {}
    Json(double value);
    Json(const char* text);
    Json(std::string_view text);
    Json(std::string text);

    // Not in the class, where a member's type is not yet complete.
    Json(const Json& other);
    Json(Json&& other) noexcept;
    Json& operator=(const Json& other);
    Json& operator=(Json&& other) noexcept;
    ~Json();

    // Json::object({{"Id", id}, {"Warnings", Json::array()}})
    static Json array(std::initializer_list<Json> elements = {});
    static Json array(const std::vector<std::string>& elements);
    static Json object(std::initializer_list<JsonField> members = {});

    Kind kind() const { return static_cast<Kind>(value_.index()); }
    bool is_null() const { return kind() == Kind::null; }
    bool is_string() const { return kind() == Kind::string; }
    bool is_array() const { return kind() == Kind::array; }
    bool is_object() const { return kind() == Kind::object; }

    // The value, which must be of that kind. Throw JsonError: "expected a string".
    bool as_bool() const;
    std::int64_t as_integer() const;
    double as_number() const;  // an integer too
    const std::string& as_string() const;
    const Array& as_array() const;
    const Object& as_object() const;

    // The member of that name; nullptr where there is none, or where this is no object.
    const Json* find(std::string_view name) const;

    // The member of that name, added at the end where it is missing. Null becomes an object.
    Json& operator[](std::string_view name);

    // Adds an element. Null becomes an array.
    void push_back(Json element);

    // Compact, as one line.
    std::string text() const;
    void append_to(std::string& output) const;

    // For a person: one member a line, each level four columns further in.
    std::string indented_text() const;

    friend bool operator==(const Json& left, const Json& right);

private:
    friend class JsonParser;
    friend struct JsonPrinter;

    struct Boolean {
        bool value;
    };
    struct Whole {
        bool fits;
        std::int64_t exact;
        double rounded;
    };
    explicit Json(Boolean boolean);
    explicit Json(Whole number);

    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_;
};

struct JsonMember {
    std::string name;
    Json value;

    bool operator==(const JsonMember&) const = default;
};

// A member while an object is written down in braces: an initializer_list shows its elements as
// const, and without `mutable` each level of a tree would be copied once more.
struct JsonField {
    std::string name;
    mutable Json value;
};

// Appends the text as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& output, std::string_view text);

struct JsonLimits {
    std::size_t bytes_max = 1u << 20;
    unsigned depth_max = 64;
    std::size_t values_max = 1u << 20;  // of all kinds, at every depth
};

// Parses one value and nothing behind it; of two members of one name the last counts. Strict:
// the grammar to the letter, valid UTF-8, no half surrogates, no number that a double cannot hold.
// Throws JsonError: "invalid JSON at byte 12: expected ',' or '}'".
Json parse_json(std::string_view text, const JsonLimits& limits = {});
