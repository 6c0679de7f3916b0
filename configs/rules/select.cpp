#include "configs/rules/select.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "configs/model/module_path.hpp"
#include "configs/model/states.hpp"
#include "configs/rules/path_filter.hpp"
#include "configs/rules/rule_table.hpp"
#include "configs/rules/verdict.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

class Selector {
  public:
    Selector(const Config& config, const std::vector<CandidateFile>& files,
             const SelectionOptions& options, const std::vector<Candidate>& candidates)
        : config_(config),
          candidates_(candidates),
          files_(files),
          include_("--include", options.include, candidates),
          exclude_("--exclude", options.exclude, candidates),
          allow_unmatched_rules_(options.allow_unmatched_rules),
          winners_(candidates.size(), kNoRuleAsked) {
        tables_.reserve(files.size());
        for (const CandidateFile& file : files) tables_.emplace_back(config, *file.layer_types);
    }

    Selection select() {
        require_types();
        Selection selection = decide_all();
        selection.warnings = RuleTable::warnings_of(config_, tables_, allow_unmatched_rules_);
        check_filters(selection);
        require_some(selection);
        return selection;
    }

    RuleSurvey survey() {
        RuleSurvey survey;
        Selection selection = decide_all();
        survey.rules = tables_.front().findings();
        survey.rules.emplace_back().rule = global_label(config_);
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            if (winners_[c] == kNoRuleAsked) continue;
            const std::size_t rule = winners_[c] == 0 ? survey.rules.size() : winners_[c];
            ++survey.rules[rule - 1].tensors;
            if (selection.decisions[c].spec) ++survey.rules[rule - 1].palettized;
        }
        const auto tell = [&](const auto& check) {
            try {
                check();
            } catch (const Error& error) {
                survey.errors.emplace_back(error.what());
            }
        };
        tell([&] { require_types(); });
        tell([&] { check_filters(selection); });
        tell([&] { require_some(selection); });
        survey.warnings = selection.warnings;
        return survey;
    }

    Explanation explain(std::size_t index) {
        const Candidate& candidate = candidates_[index];
        Explanation explanation;
        explanation.decision = decide(index);
        if (!candidate.is_float) return explanation;
        std::vector<Opinion> opinions;
        opinions.reserve(candidate.aliases.size() + 1);
        for (const TensorName& name : names_of(candidate)) {
            PathExplanation path;
            path.path = opinions.empty() ? candidate.path : candidate.aliases[opinions.size() - 1];
            path.name = name;
            path.layer_type = rules_of(index).layer_type(name.module_names.front());
            opinions.push_back(opinion_of(name, rules_of(index), &path.entries));
            path.rules = rules_of(index).trials(name, opinions.back().winner);
            path.outcome = opinions.back().reason;
            explanation.paths.push_back(std::move(path));
        }
        explanation.paths[strongest(opinions)].decides = true;
        explain_filters(index, explanation);
        return explanation;
    }

  private:
    /// What the config says of a tensor by one of its names.
    struct Opinion {
        Winner winner;
        bool known = false;   // the winner names the state, if only to leave it dense
        bool exempt = false;  // it may not select this: optimizer state, embeddings
        std::optional<PalettizationSpec> spec;
        std::string reason;
    };

    [[nodiscard]] bool several() const { return files_.size() > 1; }

    /// Those of the file that a candidate is in.
    RuleTable& rules_of(std::size_t candidate) {
        const auto next = std::upper_bound(
            files_.begin(), files_.end(), candidate,
            [](std::size_t c, const CandidateFile& file) { return c < file.first; });
        return tables_[static_cast<std::size_t>(next - files_.begin()) - 1];
    }

    void require_types() const {
        for (std::size_t f = 0; f < files_.size(); ++f) {
            try {
                tables_[f].require_types();
            } catch (const Error& error) {
                throw several() ? error.in(files_[f].name) : error;
            }
        }
    }

    Selection decide_all() {
        Selection selection;
        for (std::size_t c = 0; c < candidates_.size(); ++c)
            selection.decisions.push_back(decide(c));
        return selection;
    }

    /// Of its path, then of its aliases.
    static std::vector<TensorName> names_of(const Candidate& candidate) {
        std::vector<TensorName> names{tensor_name(candidate.path, candidate.rank)};
        names.reserve(candidate.aliases.size() + 1);
        for (const std::string& alias : candidate.aliases)
            names.push_back(tensor_name(alias, candidate.rank));
        return names;
    }

    Decision decide(std::size_t index) {
        const Candidate& candidate = candidates_[index];
        const std::vector<TensorName> names = names_of(candidate);
        Decision decision;
        decision.module_path = names.front().module_names.front();
        decision.state_name = names.front().state_name;
        if (!candidate.is_float) {
            for (const TensorName& name : names) rules_of(index).note_other(name);
            decision.reason = "not floating point";
            return decision;
        }
        winners_[index] = decide_by_rules(candidate, names, rules_of(index), decision);
        if (candidate.element_count <= 1) {
            decision.spec.reset();
            decision.reason = candidate.element_count == 0 ? "no values" : "a single value";
            return decision;
        }
        if (candidate.rank >= 2 && include_.matches(index)) {
            included_any_ = true;
            if (!decision.spec) decision.spec = spec_of_included();
            decision.reason = include_.label();
            decision.by_name = true;
        }
        if (exclude_.matches(index)) {
            excluded_any_ = true;
            taken_away_ = taken_away_ || decision.spec.has_value();
            decision.spec.reset();
            decision.reason = exclude_.label();
        }
        return decision;
    }

    /// Each name is judged alone, and the opinion of the strongest rule counts: names beat types
    /// beat global, the later entry wins. Who does not name the state has none. Returns the number
    /// of that rule, kNoRuleAsked where it may not select the tensor.
    std::size_t decide_by_rules(const Candidate& candidate, const std::vector<TensorName>& names,
                                RuleTable& rules, Decision& decision) {
        std::vector<Opinion> opinions;
        opinions.reserve(names.size());
        for (const TensorName& name : names) opinions.push_back(opinion_of(name, rules));
        const std::size_t best = strongest(opinions);
        const Opinion& chosen = opinions[best];
        for (std::size_t n = 0; n < names.size(); ++n) {
            const Opinion& opinion = opinions[n];
            if (opinion.exempt) {
                rules.note_exempt(opinion.winner, names[n]);
            } else {
                rules.note_decided(opinion.known ? chosen.winner : opinion.winner, names[n],
                                   opinion.known);
            }
        }
        decision.module_path = names[best].module_names.front();
        decision.state_name = names[best].state_name;
        decision.spec = chosen.spec;
        decision.by_name = chosen.winner.rule != nullptr && !chosen.winner.by_type;
        decision.reason = chosen.reason;
        if (best > 0) decision.reason += ", as " + candidate.aliases[best - 1];
        return chosen.exempt ? kNoRuleAsked : chosen.winner.number;
    }

    static std::size_t strongest(const std::vector<Opinion>& opinions) {
        std::size_t best = 0;
        for (std::size_t n = 1; n < opinions.size(); ++n) {
            if (stronger(opinions[n], opinions[best])) best = n;
        }
        return best;
    }

    static bool stronger(const Opinion& a, const Opinion& b) {
        const auto strength = [](const Opinion& opinion) {
            return std::tuple(opinion.known, opinion.winner.number, opinion.spec.has_value());
        };
        return strength(a) > strength(b);
    }

    Opinion opinion_of(const TensorName& name, RuleTable& rules,
                       std::vector<Trial>* trials = nullptr) {
        Opinion opinion;
        opinion.winner = rules.winner_of(name);
        const Winner& winner = opinion.winner;
        const bool by_rule = winner.rule != nullptr;
        const std::optional<ModuleConfig>& module =
            by_rule ? winner.rule->config : config_.global_config;
        const std::string label = by_rule ? winner.label : global_label(config_);
        const std::string& module_path = name.module_names.front();
        if ((!by_rule || winner.by_type) && is_optimizer_state(module_path)) {
            opinion.exempt = true;
            opinion.reason = "optimizer state; a name rule or --include can select it";
            return opinion;
        }
        if (!by_rule && is_embedding(module_path, name.state_name)) {
            opinion.exempt = true;
            opinion.reason = "an embedding; a rule or --include can select it";
            return opinion;
        }
        if (!module) {
            opinion.known = true;
            opinion.reason = label + " is null";
            return opinion;
        }
        const Verdict said = verdict_of_module(*module, name, rules.layer_type(module_path),
                                               winner.own_module, trials);
        opinion.known = said.known;
        opinion.spec = said.spec;
        opinion.reason =
            !said.known ? fmt::format("state '{}' is not named by {}", name.state_name, label)
            : said.spec ? label
                        : fmt::format("state '{}' is null in {}", name.state_name, label);
        return opinion;
    }

    /// For what --include selects and no rule describes: the global spec for weights.
    PalettizationSpec spec_of_included() const {
        if (config_.global_config) {
            const Verdict said = verdict_of_states(config_.global_config->op_state_spec, "weight",
                                                   *config_.global_config);
            if (said.spec) return *said.spec;
        }
        return {};
    }

    void explain_filters(std::size_t index, Explanation& explanation) const {
        const Candidate& candidate = candidates_[index];
        for (const PathFilter* filter : {&include_, &exclude_}) {
            if (!filter->given()) continue;
            Trial trial{filter->label(), filter->matches(index), false, "does not match"};
            trial.decides = explanation.decision.reason == filter->label();
            if (trial.matches) {
                trial.verdict = trial.decides                  ? "matches: wins"
                                : candidate.element_count <= 1 ? "matches, but there is nothing to "
                                                                 "palettize"
                                : candidate.rank < 2 && filter == &include_
                                    ? "matches, but selects tensors of rank 2 and more only"
                                    : "matches, but --exclude wins";
            }
            explanation.filters.push_back(std::move(trial));
        }
    }

    void check_filters(Selection& selection) const {
        for (const PathFilter* filter : {&include_, &exclude_}) {
            if (!filter->matches_nothing()) continue;
            throw Error(ErrorCode::kUsage,
                        filter->label() + ": matches nothing; it must match " + samples(selection));
        }
        if (!include_.first_hits().empty() && !included_any_) {
            throw Error(ErrorCode::kUsage,
                        fmt::format("{}: matches {}, but no floating-point dataset of rank 2 and "
                                    "more; such are {}",
                                    include_.label(), include_.first_hits(), samples(selection)));
        }
        if (!exclude_.first_hits().empty() && !excluded_any_) {
            selection.warnings.push_back(
                fmt::format("{}: matches {}, but nothing that could be palettized",
                            exclude_.label(), exclude_.first_hits()));
        }
    }

    [[nodiscard]] const char* files_have() const {
        return several() ? "these files have" : "this file has";
    }

    static bool can_be_included(const Candidate& candidate) {
        return candidate.is_float && candidate.rank >= 2 && candidate.element_count > 1;
    }

    /// Some paths and a module that could be selected, for messages.
    std::string samples(const Selection& selection) const {
        constexpr std::size_t kShown = 4;
        std::vector<std::string> paths;
        std::string module;
        for (std::size_t c = 0; c < candidates_.size() && paths.size() < kShown; ++c) {
            const Candidate& candidate = candidates_[c];
            if (!can_be_included(candidate)) continue;
            paths.push_back(candidate.path);
            if (module.empty()) module = selection.decisions[c].module_path;
        }
        if (paths.empty()) return fmt::format("({} none)", files_have());
        return fmt::format("whole paths, such as {}{}", fmt::join(paths, ", "),
                           module.empty() ? "" : ", or a module, such as " + module);
    }

    void require_some(const Selection& selection) const {
        const auto is_selected = [](const Decision& d) { return d.spec.has_value(); };
        const auto& all = selection.decisions;
        if (std::none_of(all.begin(), all.end(), is_selected)) nothing_selected(selection);
    }

    [[noreturn]] void nothing_selected(const Selection& selection) const {
        if (taken_away_) {
            throw Error(ErrorCode::kUsage, "nothing is selected: " + exclude_.label() +
                                               " takes away all that " + config_.source +
                                               " selects");
        }
        std::set<std::string> states;
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            if (candidates_[c].is_float && states.size() < 8)
                states.insert(selection.decisions[c].state_name);
        }
        const std::vector<std::string> wanted = states_looked_for(config_);
        if (states.empty()) {
            throw Error(ErrorCode::kUsage,
                        fmt::format("nothing is selected: {} no floating-point tensors, there is "
                                    "nothing to palettize",
                                    files_have()));
        }
        const bool has_some = std::any_of(candidates_.begin(), candidates_.end(), can_be_included);
        throw Error(
            ErrorCode::kUsage,
            fmt::format(
                "nothing is selected: {} {}, {} the states {}{}", config_.source,
                wanted.empty() ? "selects no state at all"
                               : fmt::format("looks for the states {}", fmt::join(wanted, ", ")),
                files_have(), fmt::join(states, ", "),
                has_some ? "; pass --include with a pattern for " + samples(selection)
                         : ", and no tensor of 2 dimensions or more with more than one element"));
    }

    static constexpr std::size_t kNoRuleAsked = std::numeric_limits<std::size_t>::max();

    const Config& config_;
    const std::vector<Candidate>& candidates_;
    const std::vector<CandidateFile>& files_;
    std::vector<RuleTable> tables_;  // a file
    PathFilter include_;
    PathFilter exclude_;
    bool allow_unmatched_rules_;
    bool included_any_ = false;
    bool excluded_any_ = false;
    bool taken_away_ = false;           // by --exclude, what was selected
    std::vector<std::size_t> winners_;  // of each candidate: the number of the rule
};

}  // namespace

Selection select_tensors(const Config& config, const std::vector<Candidate>& candidates,
                         const std::map<std::string, std::string>& layer_types,
                         const SelectionOptions& options) {
    return select_tensors_of_files(config, candidates, {{"", 0, &layer_types}}, options);
}

Selection select_tensors_of_files(const Config& config, const std::vector<Candidate>& candidates,
                                  const std::vector<CandidateFile>& files,
                                  const SelectionOptions& options) {
    return Selector(config, files, options, candidates).select();
}

Explanation explain_decision(const Config& config, const std::vector<Candidate>& candidates,
                             const std::map<std::string, std::string>& layer_types,
                             const SelectionOptions& options, std::size_t candidate) {
    const std::vector<CandidateFile> file{{"", 0, &layer_types}};
    return Selector(config, file, options, candidates).explain(candidate);
}

RuleSurvey survey_rules(const Config& config, const std::vector<Candidate>& candidates,
                        const std::map<std::string, std::string>& layer_types,
                        const SelectionOptions& options) {
    const std::vector<CandidateFile> file{{"", 0, &layer_types}};
    return Selector(config, file, options, candidates).survey();
}

}  // namespace pal
