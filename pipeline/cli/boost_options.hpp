// The rows of the option table as Boost.Program_options wants them.
#pragma once

#include <boost/program_options.hpp>
#include <vector>

#include "pipeline/cli/option_table.hpp"

namespace pal {

/// Sections with titles, to be parsed and to be printed by operator<<.
[[nodiscard]] boost::program_options::options_description boost_options(
    const std::vector<OptionSection>& sections);

}  // namespace pal
