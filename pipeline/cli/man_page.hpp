// The text of --help as man pages, in roff.
#pragma once

#include <string>
#include <vector>

#include "pipeline/cli/command.hpp"

namespace pal {

/// Page of the program: its commands and the general options.
[[nodiscard]] std::string program_man_page(const std::vector<Command>& commands);

/// Page of one command: its options and an example.
[[nodiscard]] std::string command_man_page(const Command& command);

}  // namespace pal
