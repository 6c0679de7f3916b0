#include "configs/rules/explain.hpp"

#include "configs/model/module_path.hpp"
#include "configs/rules/decider.hpp"
#include "configs/rules/opinion.hpp"

namespace pal {

namespace {

/// Tries one rule on a tensor, regardless of the other rules.
Trial trial_of(const RuleTable& table, const RuleTable::Rule& rule, const TensorName& name) {
    std::string own;
    std::string above;  // the nearest one
    for (const std::string& module : name.module_names) {
        for (const std::string& named : with_parents(module)) {
            std::string& hit = named == module ? own : above;
            if (hit.empty() && table.names(rule, named)) hit = named;
        }
    }
    if (!own.empty())
        return {rule.label, true, false, "matches " + own + ", the tensor's own module"};
    if (!above.empty()) return {rule.label, true, false, "covers it from " + above};
    return {rule.label, false, false,
            rule.by_type && table.layer_types().empty()
                ? "does not match: the file does not say the types of its layers"
                : "does not match"};
}

/// Trials of all rules on a tensor that `winner` decides, the strongest first; global_config last.
std::vector<Trial> rule_trials(const Config& config, const RuleTable& table, const TensorName& name,
                               const Winner& winner) {
    const auto& rules = table.rules();
    std::vector<Trial> trials;
    trials.reserve(rules.size() + 1);
    for (std::size_t number = rules.size(); number > 0; --number) {
        const RuleTable::Rule& rule = rules[number - 1];
        Trial trial = trial_of(table, rule, name);
        trial.decides = number == winner.number;
        if (trial.decides) {
            trial.verdict += ": wins";
        } else if (trial.matches) {
            trial.verdict += rule.by_type == winner.by_type
                                 ? ", but the later " + winner.label + " wins"
                                 : ", but " + winner.label + " wins, as names beat types";
        }
        trials.push_back(std::move(trial));
    }
    const bool global = winner.number == 0;
    trials.push_back({global_label(config), global, global,
                      global ? "no rule matches: wins" : "a rule matches: has no say"});
    return trials;
}

std::vector<PathExplanation> explain_paths(Decider& decider, std::size_t index) {
    const Candidate& candidate = decider.candidates()[index];
    RuleTable& table = decider.rules_of(index).table;
    std::vector<PathExplanation> paths;
    std::vector<Opinion> opinions;
    for (const TensorPath& from : candidate.paths) {
        PathExplanation path;
        path.path = from.path;
        path.name = from.name;
        path.layer = from.layer;
        if (path.layer.type.empty())
            path.layer.type = table.layer_type(from.name.module_names.front());
        opinions.push_back(opinion_of(decider.config(), table, from, &path.entries));
        path.rules = rule_trials(decider.config(), table, from.name, opinions.back().winner);
        path.outcome = opinions.back().reason;
        paths.push_back(std::move(path));
    }
    paths[strongest(opinions)].decides = true;
    return paths;
}

/// Trials of --include and --exclude, as far as they are given.
std::vector<Trial> filter_trials(const Decider& decider, std::size_t index,
                                 const Decision& decision) {
    const Candidate& candidate = decider.candidates()[index];
    std::vector<Trial> trials;
    for (const PathFilter* filter : {&decider.include(), &decider.exclude()}) {
        if (!filter->given()) continue;
        Trial trial{filter->label(), filter->matches(index), false, "does not match"};
        trial.decides = decision.reason == filter->label();
        if (trial.matches) {
            trial.verdict = trial.decides ? "matches: wins"
                            : candidate.element_count <= 1
                                ? "matches, but there is nothing to palettize"
                            : candidate.rank() == 0 && filter == &decider.include()
                                ? "matches, but a scalar cannot be palettized"
                                : "matches, but --exclude wins";
        }
        trials.push_back(std::move(trial));
    }
    return trials;
}

}  // namespace

Explanation explain_decision(const Config& config, const std::vector<Candidate>& candidates,
                             const std::map<std::string, std::string>& layer_types,
                             const SelectionOptions& options, std::size_t candidate) {
    const std::vector<CandidateFile> file{{"", 0, &layer_types}};
    Decider decider(config, candidates, file, options);
    Explanation explanation;
    explanation.decision = decider.decide(candidate);
    if (!candidates[candidate].is_float) return explanation;
    explanation.paths = explain_paths(decider, candidate);
    explanation.filters = filter_trials(decider, candidate, explanation.decision);
    return explanation;
}

}  // namespace pal
