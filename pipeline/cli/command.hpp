// The subcommands. Each file of this folder holds one; the table in command_line.cpp lists them.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "pipeline/cli/options.hpp"

namespace pal {

inline constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

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
    /// The words that its arguments are, where they are no file names.
    std::vector<std::string> (*words)() = nullptr;
};

inline constexpr const char* kProgramSummary = "shrinks HDF5 checkpoints by k-means palettes";

struct ExitCode {
    int number;
    const char* meaning;
};
inline constexpr std::array<ExitCode, 6> kExitCodes{{{0, "done"},
                                                     {1, "a tensor failed or a check did not hold"},
                                                     {2, "usage or config"},
                                                     {3, "input"},
                                                     {4, "output"},
                                                     {5, "interrupted, to be resumed"}}};

[[nodiscard]] const std::vector<Command>& commands();
[[nodiscard]] std::vector<std::string> command_names();
/// Throws Error(kUsage) where there is none of that name.
[[nodiscard]] const Command& command_named(const std::string& name);

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

/// The whole program: parses, runs, prints errors to stderr as one line. Returns the exit code;
/// throws nothing.
int run_program(int argc, char** argv);

}  // namespace pal
