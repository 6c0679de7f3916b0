// Going on where an interrupted run stopped: what must be the same, and the tensors that need not
// be done again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "io/write/journal.hpp"
#include "pipeline/plan/plan.hpp"
#include "stages/tensor_result.hpp"

namespace pal {

/// Identifies everything that the output's bytes depend on. The input, and the file with the
/// sensitivities if there is one, count by structure, size, time of change and samples of their
/// bytes. config_json: resolved.
[[nodiscard]] RunIdentity identity_of(const Plan& plan, const CheckpointInfo& input,
                                      const std::string& input_path, const std::string& config_json,
                                      const CheckpointInfo* sensitivities);

/// Throws Error(kUsage) if a tensor's data is in other files: nobody knows whether they changed.
void require_resumable(const Plan& plan);

/// Returns the name of an entry in the journal.
[[nodiscard]] std::string journal_name(const PlanEntry& entry);

/// Returns the entry of that name; null if it and those after it are to be done again.
using FindEntry = std::function<const PlanEntry*(const std::string& name)>;

/// Puts the tensors that an earlier run finished, if any, into the output and the journal, in the
/// order in which they were finished. Returns their results.
[[nodiscard]] std::vector<TensorResult> resume_finished(Journal& journal, CheckpointWriter& writer,
                                                        const FindEntry& find);

/// Returns a fingerprint of sizes, names, shapes and types of everything in the input.
[[nodiscard]] std::string input_fingerprint(const CheckpointInfo& info);

}  // namespace pal
