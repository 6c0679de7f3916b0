// The program from its command line to its exit code.
#pragma once

#include <vector>

#include "pipeline/cli/command.hpp"

namespace pal {

/// Parses the command line, starts the threads, and runs the subcommand on them. Prints an error as
/// one line on stderr. Returns the exit code; throws nothing. Call once in a process. commands:
/// makes the list, which needs memory; so it is called where a lack of memory is caught.
int run_program(const std::vector<Command>& (*commands)(), int argc, char** argv);

}  // namespace pal
