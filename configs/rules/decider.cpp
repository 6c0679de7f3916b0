#include "configs/rules/decider.hpp"

#include <algorithm>

#include "configs/rules/opinion.hpp"
#include "configs/rules/verdict.hpp"

namespace pal {

namespace {

/// Spec for a tensor that --include selects and no rule describes: the global one for `weight`.
PalettizationSpec spec_of_included(const Config& config) {
    if (!config.global_config) return {};
    Layer kernel;
    kernel.kind = LayerKind::kLinear;
    kernel.role = TensorRole::kKernel;
    kernel.is_weight = true;
    const Verdict verdict = verdict_of_states(config.global_config->op_state_spec, "weight", kernel,
                                              *config.global_config);
    return verdict.spec.value_or(PalettizationSpec{});
}

}  // namespace

Decider::Decider(const Config& config, const std::vector<Candidate>& candidates,
                 const std::vector<CandidateFile>& files, const SelectionOptions& options)
    : config_(config),
      candidates_(candidates),
      files_(files),
      include_("--include", options.include, candidates),
      exclude_("--exclude", options.exclude, candidates),
      rule_numbers_(candidates.size()) {
    rules_.reserve(files.size());
    for (const CandidateFile& file : files) rules_.emplace_back(config, *file.layer_types);
}

FileRules& Decider::rules_of(std::size_t candidate) {
    const auto next =
        std::upper_bound(files_.begin(), files_.end(), candidate,
                         [](std::size_t c, const CandidateFile& file) { return c < file.first; });
    return rules_[static_cast<std::size_t>(next - files_.begin()) - 1];
}

std::vector<Decision> Decider::decide_all() {
    std::vector<Decision> decisions;
    decisions.reserve(candidates_.size());
    for (std::size_t c = 0; c < candidates_.size(); ++c) decisions.push_back(decide(c));
    return decisions;
}

Decision Decider::decide(std::size_t index) {
    const Candidate& candidate = candidates_[index];
    Decision decision;
    decision.module_path = candidate.paths.front().name.module_names.front();
    decision.state_name = candidate.paths.front().name.state_name;
    decision.layer = candidate.paths.front().layer;
    if (!candidate.is_float) {
        for (const TensorPath& path : candidate.paths) rules_of(index).usage.note_other(path.name);
        decision.reason = "not floating point";
        return decision;
    }
    apply_rules(index, decision);
    if (candidate.element_count <= 1) {
        decision.spec.reset();
        decision.reason = candidate.element_count == 0 ? "no values" : "a single value";
        return decision;
    }
    apply_include(index, decision);
    apply_exclude(index, decision);
    return decision;
}

/// Judges each path alone and takes the strongest opinion. A rule that does not name the state has
/// no say.
void Decider::apply_rules(std::size_t index, Decision& decision) {
    FileRules& rules = rules_of(index);
    const std::vector<TensorPath>& paths = candidates_[index].paths;
    std::vector<Opinion> opinions;
    opinions.reserve(paths.size());
    for (const TensorPath& path : paths) opinions.push_back(opinion_of(config_, rules.table, path));
    const std::size_t best = strongest(opinions);
    const Opinion& chosen = opinions[best];
    for (std::size_t n = 0; n < paths.size(); ++n) {
        const Opinion& opinion = opinions[n];
        if (opinion.exempt) {
            rules.usage.note_exempt(opinion.winner, paths[n].name);
        } else {
            rules.usage.note_decided(opinion.known ? chosen.winner : opinion.winner, paths[n].name,
                                     opinion.known);
        }
    }
    decision.module_path = paths[best].name.module_names.front();
    decision.state_name = paths[best].name.state_name;
    decision.layer = paths[best].layer;
    decision.spec = chosen.spec;
    decision.by_name = chosen.winner.rule != nullptr && !chosen.winner.by_type;
    decision.reason = chosen.reason;
    if (best > 0) decision.reason += ", as " + candidates_[index].aliases[best - 1];
    if (!chosen.exempt) rule_numbers_[index] = chosen.winner.number;
}

void Decider::apply_include(std::size_t index, Decision& decision) {
    if (candidates_[index].rank() == 0 || !include_.matches(index)) return;
    effects_.included = true;
    if (!decision.spec) decision.spec = spec_of_included(config_);
    decision.reason = include_.label();
    decision.by_name = true;
}

void Decider::apply_exclude(std::size_t index, Decision& decision) {
    if (!exclude_.matches(index)) return;
    effects_.excluded = true;
    effects_.excluded_some = effects_.excluded_some || decision.spec.has_value();
    decision.spec.reset();
    decision.reason = exclude_.label();
}

}  // namespace pal
