// Goes on where an interrupted run stopped: takes over the tensors that it finished.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "io/write/journal.hpp"
#include "pipeline/plan/plan.hpp"
#include "stages/tensor_result.hpp"

namespace pal {

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

}  // namespace pal
