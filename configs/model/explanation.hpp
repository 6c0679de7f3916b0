// How a config comes to its decisions, for people who wonder: told by the code that decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "configs/model/config.hpp"

namespace pal {

/// What was asked of a rule, of an entry of its config or of a filter, and what came of it.
struct Trial {
    std::string what;  // "module_name_configs 'enc' (config.yaml:3)"
    bool matches = false;
    bool decides = false;
    std::string verdict;  // "covers it from enc", "matches enc.fc, ..., but the later ... wins"
};

/// One path of a tensor. Each is judged alone.
struct PathExplanation {
    std::string path;
    TensorName name;
    std::string layer_type;      // empty where unknown
    std::vector<Trial> rules;    // all of the config, the strongest first; global_config last
    std::vector<Trial> entries;  // of the config that won, the strongest first; none if it is null
    std::string outcome;
    bool decides = false;  // of all paths, its word counts
};

struct Explanation {
    std::vector<PathExplanation> paths;  // none for what is not floating point
    std::vector<Trial> filters;          // --include and --exclude, where given
    Decision decision;
};

/// The decision of select_tensors on one candidate, with all that led to it. Throws as that does
/// for a pattern that backtracks without end and for a bad filter; other rules do not matter.
[[nodiscard]] Explanation explain_decision(const Config& config,
                                           const std::vector<Candidate>& candidates,
                                           const std::map<std::string, std::string>& layer_types,
                                           const SelectionOptions& options, std::size_t candidate);

enum class RuleFate { kDecides, kNamesNoState, kShadowed, kExempt, kNothingFloating, kUnmatched };

/// What became of a rule in a file.
struct RuleFinding {
    std::string rule;  // as messages name it
    RuleFate fate = RuleFate::kDecides;
    std::string text;              // the message; empty for one that decides
    std::uint64_t tensors = 0;     // that it decides
    std::uint64_t palettized = 0;  // of these
};

struct RuleSurvey {
    std::vector<RuleFinding> rules;     // types, names, global_config, in the order of the file
    std::vector<std::string> errors;    // what else select_tensors refuses
    std::vector<std::string> warnings;  // of filters
};

/// What select_tensors warns of and refuses, all of it. Throws as explain_decision.
[[nodiscard]] RuleSurvey survey_rules(const Config& config,
                                      const std::vector<Candidate>& candidates,
                                      const std::map<std::string, std::string>& layer_types,
                                      const SelectionOptions& options);

/// The candidate that a text names: by its path or one of its aliases; else, with or without the
/// first slash, by a dotted path as rules see it. Throws Error(kUsage): none, with the nearest
/// paths, and several.
[[nodiscard]] std::size_t find_candidate(const std::vector<Candidate>& candidates,
                                         const std::string& text);

}  // namespace pal
