// Scripts that complete command lines, made from the commands and the option table.
#pragma once

#include <string>
#include <vector>

#include "pipeline/cli/command.hpp"

namespace pal {

/// Script that bash reads with `source`.
[[nodiscard]] std::string bash_completion(const std::vector<Command>& commands);

/// Script that zsh reads with `source`, or finds as a file of $fpath.
[[nodiscard]] std::string zsh_completion(const std::vector<Command>& commands);

}  // namespace pal
