// Opens and scans the inputs of `run`, `plan`, `explain` and `slurm-plan`. Parts that --drop and
// --drop-optimizer leave out are only in Dropped::evidence of what they return.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/inputs/inputs.hpp"

namespace pal {

/// An input, and what is planned for it.
struct OpenInput {
    std::unique_ptr<const CheckpointReader> reader;
    CheckpointInfo info;
};

/// Opens a single input. Throws Error(kInput) as CheckpointReader. Throws Error(kUsage) if --drop
/// matches nothing, or something in a group that has several names.
[[nodiscard]] OpenInput open_input(const std::string& path, const Arguments& arguments);

/// Scans the files; one is open at a time. --drop is judged over all of them together. Throws as
/// open_input, and Error(kStopped) after a signal.
[[nodiscard]] std::vector<CheckpointInfo> scan_files(const Inputs& inputs,
                                                     const Arguments& arguments);

}  // namespace pal
