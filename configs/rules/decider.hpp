// The decision on one tensor, step by step.
//
//   1. layers: names, kind and role by each path of the tensor        layers/layer_table
//   2. rules: which rule wins for a name                              rule_table
//   3. exemptions: optimizer state                                    opinion
//   4. states: what the winner's config says of the state             verdict
//   5. paths: the strongest opinion counts                            opinion
//   6. values: nothing to palettize in integers and single values     decider
//   7. filters: --include adds, --exclude takes away                  decider, path_filter
//
// select.hpp decides all tensors, explain.hpp and survey.hpp tell how; all three run this code.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"
#include "configs/model/config.hpp"
#include "configs/model/selection.hpp"
#include "configs/model/tensor_name.hpp"
#include "configs/rules/path_filter.hpp"
#include "configs/rules/rule_usage.hpp"

namespace pal {

/// Tensors that the filters decided so far.
struct FilterEffects {
    bool included = false;       // --include selected one
    bool excluded = false;       // --exclude left one dense
    bool excluded_some = false;  // --exclude took one away that was selected
};

/// Decides tensors and notes what rules and filters did. All arguments of the constructor but the
/// options outlive it.
class Decider {
  public:
    /// `candidates`: described by describe_layers(). `files`: at least one. Throws Error(kUsage)
    /// for a bad filter.
    Decider(const Config& config, const std::vector<Candidate>& candidates,
            const std::vector<CandidateFile>& files, const SelectionOptions& options);

    /// Decides one candidate. Throws Error(kUsage) for a pattern that backtracks without end.
    Decision decide(std::size_t candidate);

    [[nodiscard]] std::vector<Decision> decide_all();

    /// The rules over the file that a candidate is in.
    [[nodiscard]] FileRules& rules_of(std::size_t candidate);

    /// Number of the rule that decided a candidate, from 1; 0: global_config. Nullopt if no rule
    /// did: not floating point, exempt, or not decided yet.
    [[nodiscard]] std::optional<std::size_t> rule_of(std::size_t candidate) const {
        return rule_numbers_[candidate];
    }

    [[nodiscard]] const Config& config() const { return config_; }
    [[nodiscard]] const std::vector<Candidate>& candidates() const { return candidates_; }
    [[nodiscard]] const std::vector<CandidateFile>& files() const { return files_; }
    [[nodiscard]] const std::vector<FileRules>& rules() const { return rules_; }
    [[nodiscard]] const PathFilter& include() const { return include_; }
    [[nodiscard]] const PathFilter& exclude() const { return exclude_; }
    [[nodiscard]] const FilterEffects& filter_effects() const { return effects_; }

  private:
    void apply_rules(std::size_t candidate, Decision& decision);
    void apply_include(std::size_t candidate, Decision& decision);
    void apply_exclude(std::size_t candidate, Decision& decision);

    const Config& config_;
    const std::vector<Candidate>& candidates_;
    const std::vector<CandidateFile>& files_;
    std::vector<FileRules> rules_;  // one per file
    PathFilter include_;
    PathFilter exclude_;
    FilterEffects effects_;
    std::vector<std::optional<std::size_t>> rule_numbers_;  // one per candidate
};

}  // namespace pal
