// Parses the words behind a subcommand.
#pragma once

#include <string>
#include <vector>

#include "pipeline/cli/arguments.hpp"
#include "pipeline/cli/command.hpp"

namespace pal {

/// Reads response files (@FILE) and --options-file too. The command line wins over --options-file.
/// Checks neither values nor the number of positionals. Throws Error(kUsage) for options that the
/// command does not accept; throws as read_text_file does for files.
[[nodiscard]] Arguments parse_command_line(const Command& command,
                                           const std::vector<std::string>& words);

}  // namespace pal
