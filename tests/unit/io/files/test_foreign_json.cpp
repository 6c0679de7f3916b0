// JSON of strangers: every kind of value, and each bound.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "io/files/foreign_json.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/text.hpp"

using namespace pal;
using test::has;

namespace {

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

std::string list_of(const std::string& value, std::size_t count) {
    std::string text = "[" + value;
    for (std::size_t i = 1; i < count; ++i) text += "," + value;
    return text + "]";
}

/// Returns the message with which read_json refuses a text.
std::string refusal_of_json(const std::string& text) {
    try {
        (void)read_json(text);
    } catch (const Error& error) {
        BOOST_TEST((error.code() == ErrorCode::kInput));
        return error.what();
    }
    return "accepted";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(foreign_json)

BOOST_AUTO_TEST_CASE(values_come_in_their_order) {
    const std::string text =
        R"({"z":[1,-2,3.5,true,null,"\u00e4"],"a":{"deep":{}},"m":18446744073709551615,"":[]})";
    BOOST_TEST(read_json(text).dump(-1, ' ', true) == text);
    for (const char* one : {"1", "\"x\"", "null", "[]", "{}", " [ ] "})
        BOOST_TEST((read_json(one) == ForeignJson::parse(one)));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_json_is_refused) {
    for (const char* text :
         {"", "{", "[1", "nil", "{\"a\":1}}", "{\"a\"}", "[1,]", "\"\xFF\"", "1e999"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(refusal_of_json(text) != "accepted");
            BOOST_TEST(json_or_null(text).is_null());
        }
    }
}

BOOST_AUTO_TEST_CASE(levels_are_bounded) {
    BOOST_TEST((read_json(nested(64)) == ForeignJson::parse(nested(64))));
    for (const std::string& text :
         {nested(65), std::string(10'000'000, '['), R"({"a":)" + nested(64)}) {
        BOOST_TEST(refusal_of_json(text) == "its JSON has more than 64 levels");
        BOOST_CHECK_THROW((void)json_or_null(text), Error);
    }
}

BOOST_AUTO_TEST_CASE(values_are_bounded) {
    const std::size_t most = kMostJsonValues;
    BOOST_TEST(read_json(list_of("0", most - 1)).size() == most - 1);
    BOOST_TEST(refusal_of_json(list_of("0", most)) == "its JSON has more than 10000000 values");
    BOOST_CHECK_THROW((void)json_or_null(list_of("[]", most)), Error);
}

BOOST_AUTO_TEST_CASE(names_are_unique_where_that_matters) {
    BOOST_TEST(refusal_of_json(R"({"a":{"b":1,"c":2,"b":3}})") ==
               "its JSON names b twice in one object");
    BOOST_TEST(json_or_null(R"({"a":1,"a":2})").at("a") == 1);
}

BOOST_AUTO_TEST_CASE(an_object_of_many_names_takes_little_time) {
    std::string text = "{";
    for (int i = 0; i < 300'000; ++i) text += "\"name" + std::to_string(1'000'000 + i) + "\":0,";
    text += "\"last\":1}";
    const auto begin = std::chrono::steady_clock::now();
    BOOST_TEST(read_json(text).size() == 300'001U);
    // Comparing each name with all before it takes minutes.
    BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(20)));
}

BOOST_AUTO_TEST_CASE(cbor_has_the_same_bounds) {
    const ForeignJson value{{"a", ForeignJson::binary({1, 2, 255})},
                            {"b", {1, -2, 0.5, nullptr, "x"}}};
    std::string bytes;
    ForeignJson::to_cbor(value, bytes);
    BOOST_TEST((read_cbor(bytes) == value));
    const std::string huge = "\x9b\xff\xff\xff\xff\xff\xff\xff\xff";  // an array of 2^64 - 1 values
    for (const std::string& text :
         {std::string(1'000'000, '\x81'), std::string(1'000'000, '\x9f'), huge, std::string("\xff"),
          std::string(), bytes + "1", bytes.substr(1)})
        BOOST_CHECK_THROW((void)read_cbor(text), Error);
}

BOOST_AUTO_TEST_CASE(counts_are_whole_numbers) {
    BOOST_TEST(count_in(18446744073709551615U) == 18446744073709551615U);
    for (const char* text : {"-1", "1.0", "1e300", "null", "\"1\"", "[1]"})
        BOOST_CHECK_THROW((void)count_in(read_json(text)), Error);
}

BOOST_AUTO_TEST_SUITE_END()
