// Going on where an interrupted run stopped: what must be the same, and the tensors that need not
// be done again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "io/write/journal.hpp"
#include "pipeline/graph/message.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// Of everything that the output's bytes depend on. The input, and the file with the sensitivities
/// where there is one: structure, size and time of change, and samples of the bytes. config_json:
/// resolved.
[[nodiscard]] RunIdentity identity_of(const Plan& plan, const CheckpointInfo& input,
                                      const std::string& input_path, const std::string& config_json,
                                      const CheckpointInfo* sensitivities);

/// Throws Error(kUsage) where a tensor's data is in other files: of those nobody knows whether they
/// are as they were.
void require_resumable(const Plan& plan);

/// What the journal knows an entry by.
[[nodiscard]] std::string journal_name(const PlanEntry& entry);

/// The entry of that name, or null where it and those after it are to be done again.
using FindEntry = std::function<const PlanEntry*(const std::string& name)>;

/// Puts the tensors that an earlier run finished, if any, into the output and the journal, in the
/// order in which it did. Returns their outcomes.
[[nodiscard]] std::vector<Outcome> resume_finished(Journal& journal, CheckpointWriter& writer,
                                                   const FindEntry& find);
/// Of a run in plan order.
[[nodiscard]] std::vector<Outcome> resume_finished(Journal& journal, CheckpointWriter& writer,
                                                   const std::vector<const PlanEntry*>& entries);

/// What the journal keeps of how a tensor fared. with_chunks: its errors by chunk too.
[[nodiscard]] std::string note_of(const ErrorReport& error, const Packed& packed, bool with_chunks);

/// Of sizes, names, shapes and types of everything in the input.
[[nodiscard]] std::string input_fingerprint(const CheckpointInfo& info);

}  // namespace pal
