// Names are shown as they are, but for what would change the terminal or the text around them.
#include <boost/test/unit_test.hpp>
#include <string>

#include "pipeline/console/printable.hpp"

BOOST_AUTO_TEST_CASE(what_controls_a_terminal_or_turns_text_round_is_escaped) {
    BOOST_TEST(pal::printable("\x1b[31m\n\x7f") == R"(\x1b[31m\x0a\x7f)");
    BOOST_TEST(pal::printable("\xC2\x85") == R"(\xc2\x85)");  // a control of Latin-1
    BOOST_TEST(pal::printable("\xD8\x9C") == R"(\xd8\x9c)");  // Arabic letter mark
    for (const int last : {0x8E, 0x8F, 0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE}) {
        const std::string mark{'\xE2', '\x80', static_cast<char>(last)};
        BOOST_TEST(pal::printable(mark).size() == 12U);
    }
    for (const int last : {0xA6, 0xA7, 0xA8, 0xA9}) {
        const std::string isolate{'\xE2', '\x81', static_cast<char>(last)};
        BOOST_TEST(pal::printable(isolate).size() == 12U);
    }
    BOOST_TEST(pal::printable("\xFF") == R"(\xff)");
}

BOOST_AUTO_TEST_CASE(everything_else_is_shown) {
    // Letters of any script, a dash, a zero width joiner of an emoji, a word joiner.
    for (const std::string name : {"layer 1/weight", "caf\xC3\xA9", "\xD7\xA9\xD7\x9C",
                                   "\xE2\x80\x93", "\xE2\x80\x8D", "\xE2\x81\xA0"})
        BOOST_TEST(pal::printable(name) == name);
}
