// Checks of a selection as a whole: filters that come to nothing, and nothing selected at all.
#pragma once

#include <string>
#include <vector>

#include "configs/model/selection.hpp"
#include "configs/rules/decider.hpp"

namespace pal {

/// Throws Error(kUsage) if the config has a type rule but a file has no layer types. With several
/// files the error names the file.
void require_types(const Decider& decider);

/// Throws Error(kUsage) if a filter matches nothing, or if --include matches only datasets that
/// cannot be palettized. Adds a warning if --exclude matches only such datasets. All candidates
/// have been decided.
void check_filters(const Decider& decider, const std::vector<Decision>& decisions,
                   std::vector<std::string>& warnings);

/// Throws Error(kUsage) if nothing is selected: says what the config looks for, what the files
/// have, and what to pass instead.
void require_some(const Decider& decider, const std::vector<Decision>& decisions);

}  // namespace pal
