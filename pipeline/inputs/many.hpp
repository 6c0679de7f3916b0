// What `run` and `plan` share where they take several files: what is read, what is planned, and
// where each output goes. Only for pipeline/commands/.
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

/// The files of a command line, and the folder of their outputs; empty where `plan` has none.
struct Files {
    Inputs inputs;
    std::string folder;

    [[nodiscard]] std::string target(const std::string& name) const { return folder + "/" + name; }
};

/// What is planned for them. infos holds what the plans point to.
struct PlannedFiles {
    std::vector<CheckpointInfo> infos;
    std::unique_ptr<const CheckpointReader> sensitivities;
    Config config;
    PlanOptions options;
    FilePlans plans;

    [[nodiscard]] std::vector<const CheckpointInfo*> info_pointers() const;
};

/// Opens one file after the other, and closes it again. Throws Error(kInput); Error(kStopped) after
/// a signal.
[[nodiscard]] std::vector<CheckpointInfo> scan_files(const Inputs& inputs,
                                                     const Arguments& arguments);

/// infos: of the inputs' files. Warns, in FilePlans::warnings, of tensors that an index names and
/// its files have not. Throws as make_plans does, and for sensitivities that are not valid.
[[nodiscard]] PlannedFiles plan_files(const Inputs& inputs, std::vector<CheckpointInfo> infos,
                                      Config config, const Arguments& arguments);

/// The command line of one input and one output.
[[nodiscard]] Arguments with_files(const Arguments& arguments, const std::string& input,
                                   const std::string& output);

/// That the outputs of these inputs, and of all indexes, can be made: as check_output, and none of
/// them is any input. Throws Error(kOutput). force_indexes: an earlier run may have made some.
void check_outputs(const Files& files, const Arguments& arguments,
                   const std::vector<std::size_t>& inputs, bool force_indexes);

/// Adds the inputs and outputs to what reports may not be.
[[nodiscard]] Arguments with_others(const Arguments& arguments, const Files& files);

}  // namespace pal
