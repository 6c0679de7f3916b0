// The program from its command line to its exit code.
#pragma once

#include <vector>

#include "pipeline/cli/command.hpp"

namespace pal {

/// Parses the command line, runs the subcommand on the program's threads, and prints an error as
/// one line on stderr. Returns the exit code; throws nothing. To be called once in a process.
int run_program(const std::vector<Command>& commands, int argc, char** argv);

}  // namespace pal
