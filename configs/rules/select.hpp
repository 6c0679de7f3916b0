// Applies the rules of a config, --include and --exclude to the tensors of one or several files.
//
// A new rule of selection belongs to one of the steps that decider.hpp lists.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"
#include "configs/model/config.hpp"
#include "configs/model/selection.hpp"

namespace pal {

/// Decides every tensor of a file. Pure.
/// layer_types: layer name -> Keras class, with what a wrapper wraps ("TimeDistributed(Dense)");
/// empty for files without types.
/// Throws Error(kUsage) for: a rule that matches nothing (with the nearest module names), a type
/// rule for a file without types, a pattern that backtracks without end, an include or exclude
/// that is bad or matches nothing, and an empty selection (with what was looked for, what the file
/// has, and what to pass instead).
[[nodiscard]] Selection select_tensors(const Config& config,
                                       const std::vector<Candidate>& candidates,
                                       const std::map<std::string, std::string>& layer_types,
                                       const SelectionOptions& options);

/// Decides the tensors of several files (at least one) together: a rule or filter is without effect
/// only if it is so in all of them. Each file has its own layer types.
[[nodiscard]] Selection select_tensors_of_files(const Config& config,
                                                const std::vector<Candidate>& candidates,
                                                const std::vector<CandidateFile>& files,
                                                const SelectionOptions& options);

}  // namespace pal
