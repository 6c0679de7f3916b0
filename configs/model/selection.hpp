// Options and results of a selection: which tensors are palettized, and how.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "configs/model/layer.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

struct SelectionOptions {
    std::string include;  // pattern, as PathFilter reads it; empty: none
    std::string exclude;
    bool allow_unmatched_rules = false;  // an unmatched rule is a warning, not an error
};

struct Decision {
    std::optional<PalettizationSpec> spec;  // set: selected
    /// Reason to stay dense, or the rule that won: "module_name_configs 'layers\..*' (c.yaml:12)".
    std::string reason;
    bool by_name = false;     // --include or a name rule asks for it
    std::string module_path;  // dotted; from the path that decided
    std::string state_name;
    Layer layer;  // by the path that decided
};

struct Selection {
    std::vector<Decision> decisions;    // one per candidate, same order
    std::vector<std::string> warnings;  // rules and filters without effect
};

}  // namespace pal
