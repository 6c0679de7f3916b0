#include "configs/rules/rule_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "configs/model/layer_types.hpp"
#include "configs/model/module_path.hpp"
#include "configs/text/nearest.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

constexpr std::size_t kShown = 3;  // examples in a message

}  // namespace

std::string rule_label(const Config& config, const ModuleRule& rule, bool by_type) {
    return fmt::format("{} '{}' ({}{})", by_type ? "module_type_configs" : "module_name_configs",
                       rule.name, config.source,
                       rule.line > 0 ? fmt::format(":{}", rule.line) : "");
}

std::string global_label(const Config& config) { return "global_config (" + config.source + ")"; }

RuleTable::RuleTable(const Config& config, const std::map<std::string, std::string>& layer_types)
    : config_(config), types_(layer_types) {
    for (const ModuleRule& rule : config.module_type_configs) add_rule(rule, true);
    for (const ModuleRule& rule : config.module_name_configs) add_rule(rule, false);
}

void RuleTable::add_rule(const ModuleRule& rule, bool by_type) {
    Rule added;
    added.rule = &rule;
    added.by_type = by_type;
    added.label = rule_label(config_, rule, by_type);
    rules_.push_back(std::move(added));
}

/// Adds what became of the rules in another file.
void RuleTable::absorb(const RuleTable& other) {
    files_ = "these files";
    const auto add_some = [](std::vector<std::string>& texts,
                             const std::vector<std::string>& more) {
        const std::size_t room = kShown - std::min(kShown, texts.size());
        texts.insert(texts.end(), more.begin(),
                     more.begin() + static_cast<std::ptrdiff_t>(std::min(room, more.size())));
    };
    for (std::size_t r = 0; r < rules_.size(); ++r) {
        const Rule& theirs = other.rules_[r];
        rules_[r].won = rules_[r].won || theirs.won;
        rules_[r].named_state = rules_[r].named_state || theirs.named_state;
        add_some(rules_[r].other_states, theirs.other_states);
        add_some(rules_[r].exempt, theirs.exempt);
    }
    for (const auto& [module, theirs] : other.reach_) {
        Reach& reach = reach_[module];
        reach.naming = std::max(reach.naming, theirs.naming);
        reach.covering = std::max(reach.covering, theirs.covering);
    }
    for (const auto& [module, winner] : other.modules_) {
        std::size_t& known = modules_[module];
        known = std::max(known, winner);
    }
    others_.insert(other.others_.begin(), other.others_.end());
}

void RuleTable::require_types() const {
    if (!types_.empty()) return;
    const auto has_ops = [](const std::optional<ModuleConfig>& module) {
        return module && !module->op_type_config.empty();
    };
    std::string what;
    if (!config_.module_type_configs.empty())
        what = "module_type_configs '" + config_.module_type_configs[0].name + "'";
    if (has_ops(config_.global_config)) what = "op_type_config of global_config";
    for (const ModuleRule& rule : config_.module_name_configs) {
        if (has_ops(rule.config)) what = "op_type_config of '" + rule.name + "'";
    }
    if (what.empty()) return;
    throw Error(ErrorCode::kUsage,
                config_.source + ": " + what +
                    ": a rule by type, but this file does not say the types of its layers (no "
                    "Keras model_config); use "
                    "module_name_configs, whose patterns match module paths");
}

std::string RuleTable::layer_type(const std::string& module) const {
    const auto components = module_components(module);
    for (auto component = components.rbegin(); component != components.rend(); ++component) {
        if (const auto found = types_.find(*component); found != types_.end()) return found->second;
    }
    return "";
}

/// Whether the rule names this very module, not one above it.
bool RuleTable::names(const Rule& rule, const std::string& module) const {
    if (!rule.by_type) return rule.rule->pattern->matches(module);
    const auto type = types_.find(module.substr(module.rfind('.') + 1));
    return type != types_.end() && same_layer_type(rule.rule->name, type->second);
}

std::size_t RuleTable::last_rule_naming(const std::string& module) {
    const std::size_t type_rules = config_.module_type_configs.size();
    for (std::size_t r = rules_.size(); r > type_rules; --r) {
        if (names(rules_[r - 1], module)) return r;
    }
    const auto type = types_.find(module.substr(module.rfind('.') + 1));
    if (type == types_.end()) return 0;
    const auto [known, is_new] = type_rule_.try_emplace(type->second, 0);
    for (std::size_t r = type_rules; is_new && r > 0; --r) {
        if (!same_layer_type(rules_[r - 1].rule->name, type->second)) continue;
        known->second = r;
        break;
    }
    return known->second;
}

RuleTable::Reach RuleTable::reach_of(const std::string& module) {
    if (const auto known = reach_.find(module); known != reach_.end()) return known->second;
    Reach reach;
    const std::vector<std::string> path = with_parents(module);
    for (auto name = path.rbegin(); name != path.rend(); ++name) {
        const auto [known, is_new] = reach_.try_emplace(*name);
        if (is_new) {
            known->second.naming = last_rule_naming(*name);
            known->second.covering = std::max(known->second.naming, reach.covering);
        }
        reach = known->second;
    }
    return reach;
}

Winner RuleTable::winner_of(const TensorName& name) {
    Reach reach;
    for (const std::string& module : name.module_names) {
        const Reach found = reach_of(module);
        reach.naming = std::max(reach.naming, found.naming);
        reach.covering = std::max(reach.covering, found.covering);
    }
    if (reach.covering == 0) return {};
    const Rule& rule = rules_[reach.covering - 1];
    return {rule.rule, rule.label, rule.by_type, reach.naming == reach.covering, reach.covering};
}

void RuleTable::note_decided(const Winner& winner, const TensorName& name, bool named) {
    for (const std::string& module : name.module_names) modules_[module] = winner.number;
    if (winner.number == 0) return;
    Rule& rule = rules_[winner.number - 1];
    rule.won = true;
    rule.named_state = rule.named_state || named;
    if (rule.named_state || rule.other_states.size() >= kShown) return;
    rule.other_states.push_back(
        fmt::format("'{}' of {}", name.state_name, name.module_names.front()));
}

void RuleTable::note_exempt(const Winner& winner, const TensorName& name) {
    if (winner.number == 0) return;
    Rule& rule = rules_[winner.number - 1];
    if (rule.exempt.size() < kShown) rule.exempt.push_back(name.module_names.front());
}

void RuleTable::note_other(const TensorName& name) {
    for (const std::string& module : name.module_names) {
        for (std::string& above : with_parents(module)) others_.insert(std::move(above));
    }
}

/// The rule that took the tensors of a module, or of the first one below it; 0: global_config, or
/// none took any.
std::size_t RuleTable::winner_below(const std::string& module) const {
    const auto own = modules_.find(module);
    if (own != modules_.end()) return own->second;
    const auto below = modules_.lower_bound(module + ".");
    return below != modules_.end() && below->first.starts_with(module + ".") ? below->second : 0;
}

/// Modules that some rule names, by name.
std::vector<RuleTable::Named> RuleTable::named_modules() const {
    std::vector<Named> named;
    for (const auto& [module, reach] : reach_) {
        if (reach.naming > 0) named.push_back({&module, reach.naming});
    }
    std::sort(named.begin(), named.end(),
              [](const Named& a, const Named& b) { return *a.module < *b.module; });
    return named;
}

/// The rule that took the tensors of the first module that a rule which won nowhere names; 0: there
/// is none. Where the last rule that names a module stands before this one, this one was tried
/// there in vain.
std::size_t RuleTable::taker_of(std::size_t rule, const std::vector<Named>& named) const {
    for (const Named& candidate : named) {
        if (candidate.last_rule < rule) continue;
        const std::size_t taker = winner_below(*candidate.module);
        if (taker <= rule) continue;  // what is there is no rule's to select
        if (candidate.last_rule == rule || names(rules_[rule - 1], *candidate.module)) return taker;
    }
    return 0;
}

std::string RuleTable::shadowed_text(const Rule& rule, const Rule& taker) const {
    return rule.label + ": is shadowed: all that it matches is taken by " +
           (rule.by_type == taker.by_type ? "the later " + taker.label
                                          : taker.label + ", as names beat types");
}

/// Of the layers that something in the file lies in: a model has layers without weights.
std::set<std::string> RuleTable::types_in_use() const {
    std::set<std::string> types;
    const auto add = [&](const std::string& module) {
        const auto type = types_.find(module.substr(module.rfind('.') + 1));
        if (type == types_.end()) return;
        for (std::string& name : wrapped_classes(type->second)) types.insert(std::move(name));
    };
    for (const auto& [module, reach] : reach_) add(module);
    for (const std::string& module : others_) add(module);
    return types;
}

std::string RuleTable::unmatched_text(const Rule& rule, bool suggest) const {
    const std::string& name = rule.rule->name;
    std::string text = rule.label + ": matches no module of " + files_;
    if (rule.by_type) {
        std::set<std::string> types = types_in_use();
        text += types.empty() ? "; no tensor lies in a layer of a known type"
                              : fmt::format("; its types are {}", fmt::join(types, ", "));
        for (const auto& [layer, type] : types_) {
            if (!same_layer_type(name, type)) continue;
            return text + "; layer '" + layer + "' is of this type, but has no tensors in " +
                   files_;
        }
        const std::vector<std::string> known = known_layer_types();
        types.insert(known.begin(), known.end());
        const std::string type = short_layer_type(name);
        if (types.count(type) == 0) {
            const std::string near = nearest(type, {types.begin(), types.end()});
            text += "; '" + type + "' is no type known here" +
                    (near.empty() ? "" : ", did you mean '" + near + "'?");
        }
    } else if (suggest) {
        std::vector<std::string> modules;  // of tensors, and those above them
        for (const auto& [module, reach] : reach_) modules.push_back(module);
        text += fmt::format("; a pattern must match a whole module path; the nearest are {}",
                            fmt::join(nearest_names(name, modules), ", "));
    }
    return text;
}

/// `rule` is counted from 0, `unmatched` counts those that match nothing.
RuleFinding RuleTable::finding_of(std::size_t r, const std::vector<Named>& named,
                                  const std::set<std::string>& others, int& unmatched) const {
    constexpr int kMostSuggestions = 10;
    const Rule& rule = rules_[r];
    if (rule.won) {
        if (rule.named_state) return {rule.label, RuleFate::kDecides, "", 0, 0};
        return {rule.label, RuleFate::kNamesNoState,
                fmt::format("{}: names no state of the modules that it matches, such as {}: it "
                            "palettizes nothing",
                            rule.label, fmt::join(rule.other_states, ", ")),
                0, 0};
    }
    if (const std::size_t taker = taker_of(r + 1, named); taker != 0)
        return {rule.label, RuleFate::kShadowed, shadowed_text(rule, rules_[taker - 1]), 0, 0};
    if (!rule.exempt.empty()) {
        return {rule.label, RuleFate::kExempt,
                fmt::format("{}: matches {}, optimizer state, which only a name rule or --include "
                            "selects: it palettizes nothing",
                            rule.label, fmt::join(rule.exempt, ", ")),
                0, 0};
    }
    std::vector<std::string> hits;
    for (auto other = others.begin(); other != others.end() && hits.size() < kShown; ++other) {
        if (names(rule, *other)) hits.push_back(*other);
    }
    if (!hits.empty()) {
        return {rule.label, RuleFate::kNothingFloating,
                fmt::format("{}: matches {}, where nothing is floating point: nothing "
                            "to palettize",
                            rule.label, fmt::join(hits, ", ")),
                0, 0};
    }
    return {rule.label, RuleFate::kUnmatched, unmatched_text(rule, unmatched++ < kMostSuggestions),
            0, 0};
}

std::vector<RuleFinding> RuleTable::findings() const {
    const std::set<std::string> others(others_.begin(), others_.end());
    const std::vector<Named> named = named_modules();
    std::vector<RuleFinding> found;
    found.reserve(rules_.size());
    int unmatched = 0;
    for (std::size_t r = 0; r < rules_.size(); ++r)
        found.push_back(finding_of(r, named, others, unmatched));
    return found;
}

std::vector<std::string> RuleTable::warnings(bool allow_unmatched) const {
    std::vector<std::string> texts;
    for (const RuleFinding& finding : findings()) {
        if (finding.fate == RuleFate::kDecides) continue;
        if (finding.fate == RuleFate::kUnmatched && !allow_unmatched) {
            throw Error(ErrorCode::kUsage,
                        finding.text + " (--allow-unmatched-rules makes this a warning)");
        }
        texts.push_back(finding.text);
    }
    return texts;
}

std::vector<std::string> RuleTable::warnings_of(const Config& config,
                                                const std::vector<RuleTable>& tables,
                                                bool allow_unmatched) {
    if (tables.size() == 1) return tables.front().warnings(allow_unmatched);
    std::map<std::string, std::string> types;  // for messages: each table decided by its own
    for (const RuleTable& table : tables) types.insert(table.types_.begin(), table.types_.end());
    RuleTable together(config, types);
    for (const RuleTable& table : tables) together.absorb(table);
    return together.warnings(allow_unmatched);
}

/// Whatever the other rules say.
Trial RuleTable::trial_of(const Rule& rule, const TensorName& name) const {
    std::string own;
    std::string above;  // the nearest one
    for (const std::string& module : name.module_names) {
        for (const std::string& named : with_parents(module)) {
            std::string& hit = named == module ? own : above;
            if (hit.empty() && names(rule, named)) hit = named;
        }
    }
    if (!own.empty())
        return {rule.label, true, false, "matches " + own + ", the tensor's own module"};
    if (!above.empty()) return {rule.label, true, false, "covers it from " + above};
    return {rule.label, false, false,
            rule.by_type && types_.empty()
                ? "does not match: the file does not say the types of its layers"
                : "does not match"};
}

std::vector<Trial> RuleTable::trials(const TensorName& name, const Winner& winner) const {
    std::vector<Trial> trials;
    trials.reserve(rules_.size() + 1);
    for (std::size_t r = rules_.size(); r > 0; --r) {
        Trial trial = trial_of(rules_[r - 1], name);
        trial.decides = r == winner.number;
        if (trial.decides) {
            trial.verdict += ": wins";
        } else if (trial.matches) {
            trial.verdict += rules_[r - 1].by_type == winner.by_type
                                 ? ", but the later " + winner.label + " wins"
                                 : ", but " + winner.label + " wins, as names beat types";
        }
        trials.push_back(std::move(trial));
    }
    const bool global = winner.number == 0;
    trials.push_back({global_label(config_), global, global,
                      global ? "no rule matches: wins" : "a rule matches: has no say"});
    return trials;
}

}  // namespace pal
