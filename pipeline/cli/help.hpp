// Texts of --help.
#pragma once

#include <string>
#include <vector>

#include "pipeline/cli/command.hpp"

namespace pal {

/// Text of `h5palettize --help`: one line for each command.
[[nodiscard]] std::string program_help(const std::vector<Command>& commands);

/// Text of `h5palettize COMMAND --help`: usage, options, an example.
[[nodiscard]] std::string command_help(const Command& command);

}  // namespace pal
