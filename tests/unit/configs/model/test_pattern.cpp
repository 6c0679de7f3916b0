#include <boost/test/unit_test.hpp>
#include <random>

#include "configs/model/fixed_ends.hpp"
#include "configs/model/pattern.hpp"
#include "stages/tensor/error.hpp"

using namespace pal;

namespace {

void check_ends(const std::string& expression, const std::string& prefix, const std::string& suffix,
                bool literal) {
    const FixedEnds ends = fixed_ends(expression);
    BOOST_TEST(ends.prefix == prefix, expression << ": " << ends.prefix);
    BOOST_TEST(ends.suffix == suffix, expression << ": " << ends.suffix);
    BOOST_TEST(ends.literal == literal, expression);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(patterns)

BOOST_AUTO_TEST_CASE(fixed_ends_are_what_is_certain) {
    check_ends("layers\\.0\\.fc", "layers.0.fc", "layers.0.fc", true);
    check_ends("layers\\.\\d+\\.fc", "layers.", ".fc", false);
    check_ends(".*\\.fc_1", "", ".fc_1", false);
    check_ends("(?!head).*fc\\d+", "", "", false);
    check_ends("enc.*", "enc", "", false);
    check_ends("abc?", "ab", "", false);
    check_ends("ab{2}c", "a", "c", false);
    check_ends("a[xyz]bc", "a", "bc", false);
    check_ends("a.b", std::string("a\0b", 3), std::string("a\0b", 3), false);
    check_ends(".*.fc", "", std::string("\0fc", 3), false);
    check_ends("a|b", "", "", false);
    check_ends("(?i)abc", "", "", false);
    check_ends("ab(?i)cd", "", "", false);
    check_ends("a\\x41", "a", "", false);
    check_ends("a\\Q.*\\E", "a", "", false);
    check_ends("(*NO_JIT)abc", "", "", false);
    check_ends("", "", "", true);
}

BOOST_AUTO_TEST_CASE(fixed_ends_never_refuse_what_the_expression_matches) {
    // An empty lookahead and an alternative keep the meaning and hide the text from fixed_ends.
    const std::vector<std::string> parts{"a",   "b", "\\.", ".", "\\d", "[ab]", "[^a]", "(",
                                         ")",   "*", "+",   "?", "{2}", "(?:",  "(?=",  "(?!",
                                         "\\b", "1", "$",   "^", "]",   "}",    "(?i)", "\\x61"};
    std::mt19937 random(7);  // NOLINT: the same expressions in every run
    const auto pick = [&](std::size_t count) { return random() % count; };
    int compared = 0;
    for (int round = 0; round < 20000; ++round) {
        std::string expression;
        for (std::size_t p = 0; p < 1 + round % 7; ++p) expression += parts[pick(parts.size())];
        try {
            const Pattern quick(expression, "quick");
            const Pattern plain("(?:" + expression + ")|(?!)", "plain");
            for (int t = 0; t < 20; ++t) {
                std::string text;
                for (std::size_t c = pick(5); c > 0; --c) text += "aAb.1"[pick(5)];
                BOOST_REQUIRE_EQUAL(quick.matches(text), plain.matches(text));
                ++compared;
            }
        } catch (const Error&) {  // no expression
        }
    }
    BOOST_TEST(compared > 50000);
}

BOOST_AUTO_TEST_SUITE_END()
