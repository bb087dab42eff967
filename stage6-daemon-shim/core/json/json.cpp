#include "stage6-daemon-shim/core/json/json.hpp"

#include <charconv>
#include <cmath>

#include "stage6-daemon-shim/core/json/utf8.hpp"

Json::Json() = default;
Json::Json(std::nullptr_t) {}
Json::Json(Boolean boolean) : value_{boolean.value} {}
Json::Json(double value) : value_{value} {}
Json::Json(const char* text) : value_{std::string{text}} {}
Json::Json(std::string_view text) : value_{std::string{text}} {}
Json::Json(std::string text) : value_{std::move(text)} {}

Json::Json(Whole number) {
    if (number.fits) {
        value_ = number.exact;
    } else {
        value_ = number.rounded;
    }
}

Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json Json::array(std::initializer_list<Json> elements) {
    Json result;
    result.value_ = Array(elements);
    return result;
}

Json Json::array(const std::vector<std::string>& elements) {
    Json result;
    result.value_ = Array(elements.begin(), elements.end());
    return result;
}

Json Json::object(std::initializer_list<JsonField> members) {
    Object object;
    object.reserve(members.size());
    for (const JsonField& member : members) {
        object.push_back({member.name, std::move(member.value)});
    }
    Json result;
    result.value_ = std::move(object);
    return result;
}

template <class Wanted, class Value>
static const Wanted& expect(const Value& value, const char* what) {
    const Wanted* const wanted = std::get_if<Wanted>(&value);
    if (wanted == nullptr) throw JsonError{what};
    return *wanted;
}

bool Json::as_bool() const {
    return expect<bool>(value_, "expected true or false");
}

std::int64_t Json::as_integer() const {
    if (kind() == Kind::number) throw JsonError{"expected a whole number of 64 bits"};
    return expect<std::int64_t>(value_, "expected a number");
}

double Json::as_number() const {
    if (kind() == Kind::integer) return static_cast<double>(std::get<std::int64_t>(value_));
    return expect<double>(value_, "expected a number");
}

const std::string& Json::as_string() const {
    return expect<std::string>(value_, "expected a string");
}

const Json::Array& Json::as_array() const {
    return expect<Array>(value_, "expected an array");
}

const Json::Object& Json::as_object() const {
    return expect<Object>(value_, "expected an object");
}

const Json* Json::find(std::string_view name) const {
    const Object* const object = std::get_if<Object>(&value_);
    if (object == nullptr) return nullptr;
    for (const JsonMember& member : *object) {
        if (member.name == name) return &member.value;
    }
    return nullptr;
}

Json& Json::operator[](std::string_view name) {
    if (is_null()) value_ = Object{};
    if (Object* const object = std::get_if<Object>(&value_)) {
        for (JsonMember& member : *object) {
            if (member.name == name) return member.value;
        }
        return object->emplace_back(JsonMember{std::string{name}, {}}).value;
    }
    throw JsonError{"expected an object"};
}

void Json::push_back(Json element) {
    if (is_null()) value_ = Array{};
    Array* const array = std::get_if<Array>(&value_);
    if (array == nullptr) throw JsonError{"expected an array"};
    array->push_back(std::move(element));
}

bool operator==(const Json& left, const Json& right) {
    return left.value_ == right.value_;
}

// --- writing ------------------------------------------------------------------------------------

static void append_escaped(std::string& output, char byte) {
    static constexpr char kDigits[] = "0123456789abcdef";
    output += '\\';
    switch (byte) {
        case '"': output += '"'; return;
        case '\\': output += '\\'; return;
        case '\n': output += 'n'; return;
        case '\r': output += 'r'; return;
        case '\t': output += 't'; return;
        default: break;
    }
    output += "u00";
    output += kDigits[(byte >> 4) & 0xF];
    output += kDigits[byte & 0xF];
}

void append_json_string(std::string& output, std::string_view text) {
    output += '"';
    std::size_t plain = 0;  // where the run of bytes begins that are copied as they are
    std::size_t at = 0;
    const auto flush = [&] { output.append(text, plain, at - plain); };
    while (at < text.size()) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\') {
            ++at;
            continue;
        }
        const std::size_t length = utf8_length(text.substr(at, 4));
        if (length > 1) {
            at += length;
            continue;
        }
        flush();
        if (length == 1) {
            append_escaped(output, text[at]);
        } else {
            output += "\xEF\xBF\xBD";
        }
        plain = ++at;
    }
    flush();
    output += '"';
}

static void append_double(std::string& output, double number) {
    if (!std::isfinite(number)) {
        output += "null";
        return;
    }
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const std::string_view text{digits, static_cast<std::size_t>(end - digits)};
    output += text;
    // Without a point it would be read back as an integer.
    if (text.find_first_of(".e") == std::string_view::npos) output += ".0";
}

struct JsonPrinter {
    std::string& output;
    bool indented = false;
    unsigned depth = 0;

    void print(const Json& json) {
        std::visit([this](const auto& value) { print_value(value); }, json.value_);
    }

    void print_value(std::nullptr_t) { output += "null"; }
    void print_value(bool value) { output += value ? "true" : "false"; }
    void print_value(double value) { append_double(output, value); }
    void print_value(const std::string& value) { append_json_string(output, value); }

    void print_value(std::int64_t value) {
        char digits[24];
        output.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    }

    void print_value(const Json::Array& array) {
        print_list('[', array, ']', [this](const Json& element) { print(element); });
    }

    void print_value(const Json::Object& object) {
        print_list('{', object, '}', [this](const JsonMember& member) {
            append_json_string(output, member.name);
            output += indented ? ": " : ":";
            print(member.value);
        });
    }

    template <class List, class PrintOne>
    void print_list(char open, const List& list, char close, PrintOne print_one) {
        output += open;
        ++depth;
        bool first = true;
        for (const auto& element : list) {
            if (!first) output += ',';
            first = false;
            new_line();
            print_one(element);
        }
        --depth;
        if (!list.empty()) new_line();
        output += close;
    }

    void new_line() {
        if (!indented) return;
        output += '\n';
        output.append(std::size_t{4} * depth, ' ');
    }
};

void Json::append_to(std::string& output) const {
    JsonPrinter{output}.print(*this);
}

std::string Json::text() const {
    std::string output;
    append_to(output);
    return output;
}

std::string Json::indented_text() const {
    std::string output;
    JsonPrinter{output, true}.print(*this);
    return output;
}
