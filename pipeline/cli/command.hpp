// The type of a subcommand, and facts about the program that every help text gives.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "pipeline/cli/arguments.hpp"
#include "pipeline/cli/option_table.hpp"

namespace pal {

inline constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

/// A subcommand: its text in --help, the options it accepts, and the function that runs it.
struct Command {
    std::string name;
    std::string arguments;  // "IN.h5 OUT.h5"
    std::string summary;
    std::string example;
    std::size_t min_positionals = 1;
    std::size_t max_positionals = 1;
    std::vector<OptionGroup> groups;   // without kGeneral, which every command accepts
    int (*execute)(const Arguments&);  // returns the exit code, throws Error
    /// Words that the positionals may be; null: positionals are file names.
    std::vector<std::string> (*words)() = nullptr;
};

inline constexpr const char* kProgramSummary = "shrinks HDF5 checkpoints by k-means palettes";

struct ExitCode {
    int number;
    const char* meaning;
};
inline constexpr std::array<ExitCode, 8> kExitCodes{{{0, "done"},
                                                     {1, "a tensor failed or a check did not hold"},
                                                     {2, "usage or config"},
                                                     {3, "input"},
                                                     {4, "output"},
                                                     {5, "interrupted, to be resumed"},
                                                     {70, "internal error, please report"},
                                                     {71,
                                                      "a limit of memory, threads, "
                                                      "open files or file sizes"}}};

/// Options of the command in the order of --help, general ones last.
[[nodiscard]] std::vector<OptionSection> sections_of(const Command& command);
[[nodiscard]] std::vector<Option> options_of(const Command& command);

[[nodiscard]] std::vector<std::string> command_names(const std::vector<Command>& commands);

/// Lists the commands for an error: "there are run, merge ..., see h5palettize --help".
[[nodiscard]] std::string known_commands(const std::vector<Command>& commands);

/// Throws Error(kUsage) if there is no command of that name.
[[nodiscard]] const Command& command_named(const std::vector<Command>& commands,
                                           const std::string& name);

}  // namespace pal
