// The subcommands. Each file of this folder holds one; the table in command_line.cpp lists them.
#pragma once

#include <string>
#include <vector>

#include "pipeline/commands/options.hpp"

namespace pal {

/// A subcommand: what --help shows and what runs. Returns the exit code; throws Error.
struct Command {
    std::string name;
    std::string arguments;  // "IN.h5 OUT.h5"
    std::string summary;
    std::string example;
    std::size_t min_positionals = 1;
    std::size_t max_positionals = 1;
    po::options_description (*options)();
    int (*execute)(const Arguments&);
};

[[nodiscard]] const std::vector<Command>& commands();

[[nodiscard]] Command run_command();
[[nodiscard]] Command plan_command();
[[nodiscard]] Command verify_command();
[[nodiscard]] Command restore_command();
[[nodiscard]] Command compare_command();
[[nodiscard]] Command inspect_command();

/// The whole program: parses, runs, prints errors to stderr as one line. Returns the exit code;
/// throws nothing.
int run_program(int argc, char** argv);

}  // namespace pal
