// Tells one run from another by everything that the bytes of its output depend on.
#pragma once

#include <string>

#include "io/read/checkpoint_info.hpp"
#include "io/write/journal.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// Identifies the input and the configuration of a run. The input, and the file with the
/// sensitivities if there is one, count by structure, size, time of change and samples of their
/// bytes. config_json: resolved. Throws Error(kInput) if a file cannot be read.
[[nodiscard]] RunIdentity identity_of(const Plan& plan, const CheckpointInfo& input,
                                      const std::string& input_path, const std::string& config_json,
                                      const CheckpointInfo* sensitivities);

/// Returns a fingerprint of sizes, names, shapes and types of everything in the input.
[[nodiscard]] std::string input_fingerprint(const CheckpointInfo& info);

}  // namespace pal
