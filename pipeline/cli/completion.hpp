// Scripts that complete command lines, made from the commands and the option table.
#pragma once

#include <string>
#include <vector>

#include "pipeline/cli/command.hpp"

namespace pal {

/// Script for `source` in bash.
[[nodiscard]] std::string bash_completion(const std::vector<Command>& commands);

/// Script for `source`, or a file of $fpath, in zsh.
[[nodiscard]] std::string zsh_completion(const std::vector<Command>& commands);

}  // namespace pal
