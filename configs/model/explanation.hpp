// Explanations of a selection: why one tensor becomes what it becomes, and what each rule comes to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "configs/model/selection.hpp"
#include "configs/model/tensor_name.hpp"

namespace pal {

/// A rule, an entry of its config or a filter, tried on one tensor.
struct Trial {
    std::string what;  // "module_name_configs 'enc' (config.yaml:3)"
    bool matches = false;
    bool decides = false;
    std::string verdict;  // "covers it from enc", "matches enc.fc, ..., but the later ... wins"
};

/// One path of a tensor, judged alone.
struct PathExplanation {
    std::string path;
    TensorName name;
    Layer layer;                 // kind, role and channels, with their evidence
    std::vector<Trial> rules;    // all rules, the strongest first; global_config last
    std::vector<Trial> entries;  // the winner's config, the strongest first; none if it is null
    std::string outcome;
    bool decides = false;  // this path decides for the tensor
};

struct Explanation {
    std::vector<PathExplanation> paths;  // none for a dataset that is not floating point
    std::vector<Trial> filters;          // --include and --exclude, where given
    Decision decision;
};

enum class RuleFate { kDecides, kNamesNoState, kShadowed, kExempt, kNothingFloating, kUnmatched };

/// Fate of one rule in a file.
struct RuleFinding {
    std::string rule;  // as messages name it
    RuleFate fate = RuleFate::kDecides;
    std::string text;              // the warning or error; empty for kDecides
    std::uint64_t tensors = 0;     // that it decides
    std::uint64_t palettized = 0;  // of these
};

struct RuleSurvey {
    std::vector<RuleFinding> rules;     // types, names, global_config, in the order of the file
    std::vector<std::string> errors;    // other reasons why select_tensors refuses the file
    std::vector<std::string> warnings;  // about filters
};

}  // namespace pal
