// The subcommands. Each source of this folder holds one; commands.cpp lists them.
#pragma once

#include <vector>

#include "pipeline/cli/command.hpp"

namespace pal {

/// Every subcommand, in the order of --help.
[[nodiscard]] const std::vector<Command>& commands();

[[nodiscard]] Command run_command();
[[nodiscard]] Command merge_command();
[[nodiscard]] Command plan_command();
[[nodiscard]] Command slurm_plan_command();
[[nodiscard]] Command verify_command();
[[nodiscard]] Command restore_command();
[[nodiscard]] Command compare_command();
[[nodiscard]] Command inspect_command();
[[nodiscard]] Command explain_command();
[[nodiscard]] Command validate_command();
[[nodiscard]] Command schema_command();
[[nodiscard]] Command report_command();
[[nodiscard]] Command man_command();
[[nodiscard]] Command completion_command();

}  // namespace pal
