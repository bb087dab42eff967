#include <algorithm>
#include <charconv>
#include <numeric>

#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/json/utf8.hpp"

// A recursive descent over the grammar of RFC 8259; one function a rule.
class JsonParser {
public:
    JsonParser(std::string_view text, const JsonLimits& limits) : text_{text}, limits_{limits} {}

    Json parse() {
        if (text_.size() > limits_.bytes_max) {
            throw JsonError{"JSON text is larger than " + std::to_string(limits_.bytes_max) +
                            " bytes"};
        }
        Json value = parse_value();
        skip_space();
        if (at_ != text_.size()) fail("unexpected data after the value");
        return value;
    }

private:
    [[noreturn]] void fail(std::string_view what) const {
        throw JsonError{"invalid JSON at byte " + std::to_string(at_) + ": " + std::string{what}};
    }

    // The byte at hand; NUL at the end, which no rule accepts.
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool take(char wanted) {
        if (peek() != wanted) return false;
        ++at_;
        return true;
    }

    void skip_space() {
        while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
    }

    Json parse_value() {
        skip_space();
        if (at_ == text_.size()) fail("unexpected end");
        if (++values_ > limits_.values_max) {
            fail("more than " + std::to_string(limits_.values_max) + " values");
        }
        switch (peek()) {
            case '{': return parse_nested(&JsonParser::parse_object);
            case '[': return parse_nested(&JsonParser::parse_array);
            case '"': return parse_string();
            case 't': return parse_word("true", true);
            case 'f': return parse_word("false", false);
            case 'n': return parse_word("null", nullptr);
            default: return parse_number();
        }
    }

    Json parse_word(std::string_view word, Json value) {
        if (text_.substr(at_, word.size()) != word) fail("expected a value");
        at_ += word.size();
        return value;
    }

    Json parse_nested(Json (JsonParser::*parse_list)()) {
        if (depth_ == limits_.depth_max) {
            fail("nested more than " + std::to_string(limits_.depth_max) + " deep");
        }
        ++depth_;
        ++at_;
        skip_space();
        Json list = (this->*parse_list)();
        --depth_;
        return list;
    }

    Json parse_array() {
        Json array = Json::array();
        if (take(']')) return array;
        while (true) {
            array.push_back(parse_value());
            skip_space();
            if (take(']')) return array;
            if (!take(',')) fail("expected ',' or ']'");
        }
    }

    Json parse_object() {
        std::vector<JsonMember> members;
        if (!take('}')) parse_members(members);
        return object_of(members);
    }

    void parse_members(std::vector<JsonMember>& members) {
        while (true) {
            skip_space();
            if (peek() != '"') fail("expected a member's name in quotes");
            std::string name = parse_string();
            skip_space();
            if (!take(':')) fail("expected ':'");
            members.push_back({std::move(name), parse_value()});
            skip_space();
            if (take('}')) return;
            if (!take(',')) fail("expected ',' or '}'");
        }
    }

    static Json object_of(std::vector<JsonMember>& members);

    std::string parse_string() {
        ++at_;
        std::string result;
        while (true) {
            const std::size_t begin = at_;
            while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
            result.append(text_, begin, at_ - begin);
            if (at_ == text_.size()) fail("unexpected end of a string");
            if (take('"')) return result;
            if (take('\\')) {
                parse_escape(result);
                continue;
            }
            if (static_cast<unsigned char>(peek()) < 0x20) fail("control character in a string");
            const std::size_t length = utf8_length(text_.substr(at_, 4));
            if (length == 0) fail("invalid UTF-8");
            result.append(text_, at_, length);
            at_ += length;
        }
    }

    static bool is_plain(char byte) {
        return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
    }

    void parse_escape(std::string& result) {
        static constexpr std::string_view kLetters = "\"\\/bfnrt";
        static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        if (take('u')) return append_utf8(result, parse_code_point());
        const std::size_t letter = at_ < text_.size() ? kLetters.find(peek()) : kLetters.npos;
        if (letter == kLetters.npos) fail("unknown escape in a string");
        result += kMeanings[letter];
        ++at_;
    }

    char32_t parse_code_point() {
        const char32_t first = parse_four_digits();
        if (first < 0xD800 || first > 0xDFFF) return first;
        if (first > 0xDBFF || text_.substr(at_, 2) != "\\u") fail("half a surrogate pair");
        at_ += 2;
        const char32_t second = parse_four_digits();
        if (second < 0xDC00 || second > 0xDFFF) fail("half a surrogate pair");
        return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    }

    char32_t parse_four_digits() {
        const std::string_view digits = text_.substr(at_, 4);
        unsigned value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() < 4 || error != std::errc{} || end != digits.data() + 4) {
            fail("expected four hexadecimal digits");
        }
        at_ += 4;
        return value;
    }

    std::size_t skip_digits() {
        const std::size_t begin = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        return at_ - begin;
    }

    Json parse_number() {
        const std::size_t begin = at_;
        const bool negative = take('-');
        const std::size_t first = at_;
        const std::size_t count = skip_digits();
        if (count == 0) fail(negative ? "expected a digit" : "expected a value");
        if (count > 1 && text_[first] == '0') fail("a number begins with 0");
        bool whole = true;
        if (take('.')) {
            whole = false;
            if (skip_digits() == 0) fail("expected a digit");
        }
        if (take('e') || take('E')) {
            whole = false;
            if (!take('+')) take('-');
            if (skip_digits() == 0) fail("expected a digit");
        }
        return number_of(text_.substr(begin, at_ - begin), whole);
    }

    Json number_of(std::string_view digits, bool whole) const {
        const char* const end = digits.data() + digits.size();
        std::int64_t integer = 0;
        if (whole && std::from_chars(digits.data(), end, integer).ec == std::errc{}) return integer;
        double number = 0;
        if (std::from_chars(digits.data(), end, number).ec != std::errc{}) {
            fail("number out of range");
        }
        return number;
    }

    std::string_view text_;
    JsonLimits limits_;
    std::size_t at_ = 0;
    unsigned depth_ = 0;
    std::size_t values_ = 0;
};

// Sorted by name, since comparing each name with each other would let one request of a million
// bytes keep the daemon busy for minutes.
Json JsonParser::object_of(std::vector<JsonMember>& members) {
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return members[left].name < members[right].name;
    });
    std::vector<bool> replaced(members.size());
    for (std::size_t i = 1; i < order.size(); ++i) {
        replaced[order[i - 1]] = members[order[i - 1]].name == members[order[i]].name;
    }
    Json::Object object;
    object.reserve(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!replaced[i]) object.push_back(std::move(members[i]));
    }
    Json result;
    result.value_ = std::move(object);
    return result;
}

Json parse_json(std::string_view text, const JsonLimits& limits) {
    return JsonParser{text, limits}.parse();
}
