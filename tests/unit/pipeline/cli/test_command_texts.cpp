// Texts made from the commands and the option table.
#include <boost/test/unit_test.hpp>
#include <set>

#include "configs/text/spec_options.hpp"
#include "pipeline/cli/roff.hpp"
#include "pipeline/commands/commands.hpp"

BOOST_AUTO_TEST_SUITE(command_texts)

BOOST_AUTO_TEST_CASE(roff_shows_text_letter_by_letter) {
    BOOST_TEST(pal::roff_text("plain text, 100%") == "plain text, 100%");
    BOOST_TEST(pal::roff_text(".TH is no request. 1.5") == "\\&.TH is no request. 1.5");
    BOOST_TEST(pal::roff_text("'br") == "\\(aqbr");
    BOOST_TEST(pal::roff_text("--n-bits 1e-3") == "\\-\\-n\\-bits 1e\\-3");
    BOOST_TEST(pal::roff_text("a\\d \"b\" `c` ^ ~") == "a\\ed \\(dqb\\(dq \\(gac\\(ga \\(ha \\(ti");
    BOOST_TEST(pal::roff_text("two\nlines") == "two lines");
}

// Some texts name the choices in words of their own.
BOOST_AUTO_TEST_CASE(the_text_of_an_option_names_its_choices_and_its_fallback) {
    std::size_t lists = 0;
    for (const pal::Command& command : pal::commands()) {
        for (const pal::Option& option : pal::options_of(command)) {
            BOOST_TEST_CONTEXT("--" << option.name) {
                const std::string text = option.text();
                lists += option.choices().empty() ? 0 : 1;
                for (const std::string& choice : option.choices())
                    BOOST_TEST(text.find(choice) != std::string::npos);
                BOOST_TEST(text.find(option.fallback) != std::string::npos);
                BOOST_TEST(text.find_first_of("{}") == std::string::npos);
            }
        }
    }
    BOOST_TEST(lists >= 12U);
}

BOOST_AUTO_TEST_CASE(a_command_accepts_an_option_once) {
    for (const pal::Command& command : pal::commands()) {
        std::set<std::string_view> names;
        std::set<char> letters;
        for (const pal::Option& option : pal::options_of(command)) {
            BOOST_TEST_CONTEXT(command.name << " --" << option.name) {
                BOOST_TEST(names.insert(option.name).second);
                BOOST_TEST((option.letter == 0 || letters.insert(option.letter).second));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_fallbacks_of_spec_options_are_those_of_the_spec) {
    for (const pal::Option& option : pal::options_in({pal::OptionGroup::kConfig})) {
        if (option.spec_field.empty() || option.fallback.empty()) continue;
        std::map<std::string, std::string> fields{
            {std::string(option.spec_field), std::string(option.fallback)}};
        pal::PalettizationSpec expected;
        if (option.name == "axis") {  // has a meaning for groups only
            fields["granularity"] = "per_grouped_channel";
            fields["group_size"] = "1";
            expected.granularity = {pal::GranularityKind::kPerGroupedChannel, 0, 1, false};
        }
        if (option.name == "lut-qscheme") {  // likewise for quantized LUTs
            fields["lut_dtype"] = "int8";
            expected.lut_qspec.emplace();
        }
        BOOST_TEST_CONTEXT("--" << option.name)
        BOOST_TEST((pal::spec_from_fields(fields) == expected));
    }
}

BOOST_AUTO_TEST_SUITE_END()
