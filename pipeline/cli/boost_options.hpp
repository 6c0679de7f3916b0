// Converts rows of the option table for Boost.Program_options, which parses and lays out --help.
#pragma once

#include <boost/program_options.hpp>
#include <vector>

#include "pipeline/cli/option_table.hpp"

namespace pal {

/// Options grouped under their titles. operator<< prints them as --help shows them.
[[nodiscard]] boost::program_options::options_description boost_options(
    const std::vector<OptionSection>& sections);

}  // namespace pal
