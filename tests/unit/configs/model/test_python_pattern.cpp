#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "configs/model/pattern.hpp"
#include "configs/model/python_pattern.hpp"
#include "stages/tensor/error.hpp"

using namespace pal;

namespace {

/// Returns what is wrong with an expression; empty: nothing.
std::string fault_of(const std::string& expression) {
    try {
        (void)Pattern(expression, "here");
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

struct Match {
    std::string expression;
    std::string text;
    bool matches = true;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(python_patterns)

BOOST_AUTO_TEST_CASE(what_pcre2_reads_otherwise_is_translated) {
    const std::vector<std::pair<std::string, std::string>> translations{
        {"layers\\.\\d+\\.fc", "layers\\.\\d+\\.fc"},
        {"(enc|dec).*", "(enc|dec).*"},
        {"d.{,4}", "d.{0,4}"},
        {"d{,}", "d{0,}"},
        {"d{}x{1,y", "d\\{\\}x\\{1,y"},
        {"[[:alpha:]]+", "[\\[\\:alpha\\:]\\]+"},
        {"[]a^-]", "[\\]a\\^\\-]"},
        {"a\\Z", "a\\z"},
        {"\\v", "\\x{b}"},
        {"\\101\\x41\\u0041\\.", "AAA\\."},
        {"(a)(?P<name>b)\\1(?P=name)", "(a)(b)\\g{1}\\g{2}"},
        {"(?P<x>a)?(?(x)b|c)", "(a)?(?(1)b|c)"},
        {"(?#comment)a(?#c)*", "a*"},
        {"(?x) a b # comment\n c\\ d", "abc d"},
        {"(?ix: a )b", "(?i:a)b"},
        {"(?u)(?s)a", "(?s)a"},
        {"a*+(?>b)", "a*+(?>b)"},
        {"\xC3\xA9", "\\x{e9}"},
    };
    for (const auto& [python, pcre2] : translations)
        BOOST_TEST(pcre2_from_python(python) == pcre2, python);
}

/// Values of re.fullmatch of Python 3.11.
BOOST_AUTO_TEST_CASE(names_match_as_in_python) {
    const std::vector<Match> all{
        {"d.{,4}", "d.{,4}", false},
        {"d.{,4}", "dense"},
        {"d.{,4}", "d"},
        {"d{}", "d{}"},
        {"[[:alpha:]]+", "a]"},
        {"[[:alpha:]]+", "ab", false},
        {"[:alpha:]+", "alpha"},
        {"a$", "a\n", false},
        {"a$\\n", "a\n"},
        {"a.b", "a\nb", false},
        {"(?s)a.b", "a\nb"},
        {"(?m)a\\n^", "a\n"},
        {"a.b",
         "a\xC3\xA9"
         "b"},
        {"a.bcd",
         "a\xC3\xA9"
         "bcd"},
        {"a..b",
         "a\xC3\xA9"
         "b",
         false},
        {"\\d", "\xD9\xA3"},  // an Arabic digit
        {"\\w+", "caf\xC3\xA9"},
        {"(?i)\xC3\x89", "\xC3\xA9"},
        {"\\s", "\x1c"},
        {"[\\S]", "\x1c", false},
        {"\\s", "\xE1\xA0\x8E", false},  // U+180E
        {"\\B", "", false},
        {"\\v", "\n", false},
        {"(a)?(?(1)b|c)", "ab"},
        {"(?P<n>ab?)-(?P=n)", "ab-ab"},
        {"a++b", "aab"},
        {"a++ab", "aab", false},
        {"", ""},
    };
    for (const Match& one : all) {
        BOOST_TEST(Pattern(one.expression, "here").matches(one.text) == one.matches,
                   one.expression << " on " << one.text);
    }
}

BOOST_AUTO_TEST_CASE(what_python_refuses_is_refused_with_the_reason) {
    const std::vector<std::pair<std::string, std::string>> faults{
        {"\\Qa\\E", "Python has no escape \\Q here at offset 0"},
        {"a\\h", "no escape \\h here at offset 1"},
        {"\\R", "\\R"},
        {"a\\Kb", "\\K"},
        {"a\\z", "\\z"},
        {"\\x{41}", "incomplete escape \\x at offset 0"},
        {"(?|a|b)", "Python has no group (?|"},
        {"(?R)", "(?R"},
        {"(a)(?1)", "(?1"},
        {"(?<n>a)", "(?<"},
        {"(?P>n)", "(?P<name>...)"},
        {"(?P=n)", "there is no group n"},
        {"(a\\1)", "group 1 is referred to before it ends"},
        {"(a)\\2", "there is no group 2"},
        {"(?(2)a)(b)", "there is no group 2"},
        {"(?(DEFINE)a)", "there is no group DEFINE"},
        {"(*FAIL)", "nothing to repeat at offset 1"},
        {"*a", "nothing to repeat"},
        {"^*", "nothing to repeat"},
        {"a**", "a repetition is repeated at offset 2"},
        {"a{2}{3}", "repeated"},
        {"[\\w-a]", "bad range \\w-a"},
        {"[b-a]", "bad range b-a"},
        {"[a", "unterminated class"},
        {"(a", "unterminated group at offset 0"},
        {"a)", "unbalanced parenthesis at offset 1"},
        {"a(?i)b", "stand at its beginning"},
        {"(?i-i:a)", "bad flags"},
        {"(?^i:a)", "(?^"},
        {"(?a)\\d", "flag a is not supported"},
        {"\\N{DASH}", "\\N{...} is not supported"},
        {"(?<=a+)b", "lookbehind"},
        {"(?<=a|bb)c", "lookbehind"},
        {"(?<!a|bb)c", "lookbehind"},
        {"a{3,2}", "the repetition's end is below its beginning at offset 1"},
        {"a\\", "a backslash ends the expression"},
    };
    for (const auto& [expression, words] : faults) {
        const std::string fault = fault_of(expression);
        BOOST_TEST(fault.starts_with("here: not a regular expression: "), expression);
        BOOST_TEST(fault.find(words) != std::string::npos, expression << ": " << fault);
    }
}

BOOST_AUTO_TEST_CASE(names_in_other_encodings_match) {
    BOOST_TEST(Pattern(".*", "here").matches("caf\xE9"));
    BOOST_TEST(Pattern("caf.", "here").matches("caf\xE9"));
    BOOST_TEST(!Pattern("caf..", "here").matches("caf\xE9"));
    BOOST_TEST(Pattern("caf\xE9", "here").matches("caf\xE9"));
    BOOST_TEST(!Pattern("caf\xE9", "here").matches("caf\xE8"));
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_refused_without_a_crash) {
    const std::string many(1000000, '(');
    BOOST_TEST(!fault_of(many).empty());
    BOOST_TEST(!fault_of(many + std::string(many.size(), ')')).empty());
}

BOOST_AUTO_TEST_SUITE_END()
