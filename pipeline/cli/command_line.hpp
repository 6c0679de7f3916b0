// Parses the words behind a subcommand.
#pragma once

#include <string>
#include <vector>

#include "pipeline/cli/arguments.hpp"
#include "pipeline/cli/command.hpp"

namespace pal {

/// Reads response files (@FILE) and --options-file too; the command line wins over the latter.
/// Throws Error(kUsage) for words that the option table does not know, as read_text_file does for
/// files. Checks neither values nor the number of positionals.
[[nodiscard]] Arguments parse_command_line(const Command& command,
                                           const std::vector<std::string>& words);

}  // namespace pal
