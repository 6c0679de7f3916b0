// Steps that `run` and `plan` share for several files: planning, and the places of the outputs.
// Only for the code of commands.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/inputs/inputs.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// Tells whether the command line has more than one plain file as its input.
[[nodiscard]] bool has_several_inputs(const Arguments& arguments);

/// Input files of a command line.
struct Files {
    Inputs inputs;
    std::string folder;  // of the outputs; empty if `plan` has none

    [[nodiscard]] std::string target(const std::string& name) const { return folder + "/" + name; }
};

/// Logs which files of folders are left out, if any are.
void log_skipped(const Inputs& inputs);

/// Plans of several files, with all that they point to.
struct PlannedFiles {
    std::vector<CheckpointInfo> infos;
    std::unique_ptr<const CheckpointReader> sensitivities;
    Config config;
    PlanOptions options;
    FilePlans plans;

    [[nodiscard]] std::vector<const CheckpointInfo*> info_pointers() const;
};

/// Plans the files. infos: those of the inputs, in order. FilePlans::warnings names tensors of an
/// index that its files do not have. Throws as make_plans and sensitivities_from.
[[nodiscard]] PlannedFiles plan_files(const Inputs& inputs, std::vector<CheckpointInfo> infos,
                                      Config config, const Arguments& arguments);

/// Returns the command line for one of the inputs and its output.
[[nodiscard]] Arguments with_files(const Arguments& arguments, const std::string& input,
                                   const std::string& output);

/// Checks that the outputs of the given inputs, and of all indexes, can be made. Throws as
/// check_output, and Error(kOutput) if one of them is an input.
///
/// inputs         indices into files.inputs.files
/// force_indexes  accepts copies of indexes that exist: an earlier run may have made them
void check_outputs(const Files& files, const Arguments& arguments,
                   const std::vector<std::size_t>& inputs, bool force_indexes);

/// Adds all inputs and outputs to the files that a report must not replace.
[[nodiscard]] Arguments with_others(const Arguments& arguments, const Files& files);

}  // namespace pal
