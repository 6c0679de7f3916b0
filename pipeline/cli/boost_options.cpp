#include "pipeline/cli/boost_options.hpp"

#include <string>

namespace pal {

namespace po = boost::program_options;

namespace {

po::options_description boost_section(const OptionSection& section) {
    po::options_description options{std::string(section.title)};
    for (const Option& option : section.options) {
        std::string names(option.name);
        if (option.letter != 0) names += std::string(",") + option.letter;
        if (option.takes_value()) {
            options.add_options()(names.c_str(),
                                  po::value<std::string>()->value_name(option.value_name()),
                                  option.text().c_str());
        } else {
            options.add_options()(names.c_str(), po::bool_switch(), option.text().c_str());
        }
    }
    return options;
}

}  // namespace

po::options_description boost_options(const std::vector<OptionSection>& sections) {
    po::options_description options;
    for (const OptionSection& section : sections) options.add(boost_section(section));
    return options;
}

}  // namespace pal
