// Texts made of the tables of commands and options.
#include <boost/test/unit_test.hpp>

#include "pipeline/cli/choices.hpp"
#include "pipeline/cli/command.hpp"
#include "pipeline/cli/roff.hpp"

BOOST_AUTO_TEST_SUITE(command_texts)

BOOST_AUTO_TEST_CASE(roff_shows_text_letter_by_letter) {
    BOOST_TEST(pal::roff_text("plain text, 100%") == "plain text, 100%");
    BOOST_TEST(pal::roff_text(".TH is no request. 1.5") == "\\&.TH is no request. 1.5");
    BOOST_TEST(pal::roff_text("'br") == "\\(aqbr");
    BOOST_TEST(pal::roff_text("--n-bits 1e-3") == "\\-\\-n\\-bits 1e\\-3");
    BOOST_TEST(pal::roff_text("a\\d \"b\" `c` ^ ~") == "a\\ed \\(dqb\\(dq \\(gac\\(ga \\(ha \\(ti");
    BOOST_TEST(pal::roff_text("two\nlines") == "two lines");
}

// What --help says of an option and what it allows come from two places.
BOOST_AUTO_TEST_CASE(the_description_of_an_option_names_every_value_that_it_allows) {
    std::size_t lists = 0;
    for (const pal::Command& command : pal::commands()) {
        pal::po::options_description options;
        options.add(command.options()).add(pal::common_options());
        for (const auto& option : options.options()) {
            const auto values = pal::allowed_values(option->long_name());
            lists += values.empty() ? 0 : 1;
            for (const std::string& value : values) {
                BOOST_TEST_CONTEXT("--" << option->long_name() << " " << value)
                BOOST_TEST(option->description().find(value) != std::string::npos);
            }
        }
    }
    BOOST_TEST(lists >= 12U);
    BOOST_TEST(pal::allowed_values("seed").empty());
}

BOOST_AUTO_TEST_SUITE_END()
