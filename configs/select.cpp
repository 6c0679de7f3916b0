// The rules of a config applied to the tensors of a file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "configs/config.hpp"
#include "configs/layer_types.hpp"
#include "configs/pattern.hpp"
#include "configs/yaml.hpp"

namespace pal {

namespace {

constexpr std::array<const char*, 4> kKerasKernels{"kernel", "depthwise_kernel", "pointwise_kernel",
                                                   "recurrent_kernel"};

/// States that `weight` stands for in a Keras file. Keras 1 and Theano policies named theirs ..._W
/// and ..._U; embeddings come this far only where a rule names their layer.
bool is_keras_kernel(const std::string& state) {
    return state == "embeddings" ||
           std::find(kKerasKernels.begin(), kKerasKernels.end(), state) != kKerasKernels.end() ||
           state.ends_with("_W") || state.ends_with("_U") || state == "W" || state == "U";
}

bool is_default_state(const std::string& state) {
    return state == "weight" || state == "in_proj_weight" || is_keras_kernel(state);
}

std::vector<std::string> split(const std::string& dotted) {
    std::vector<std::string> parts(1);
    for (const char c : dotted) {
        if (c == '.') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

bool is_optimizer_state(const std::string& module) {
    const auto parts = split(module);
    return std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
        return part == "optimizer" || part == "optimizer_weights";
    });
}

bool is_embedding(const std::string& module, const std::string& state) {
    static const Pattern kEmbedding(
        "(?i)(.*[._])?(embed|embeds|embedding|embeddings|wte|wpe)([._].*)?", "embedding names");
    return state == "embeddings" || kEmbedding.matches(module);
}

/// The entry for a state: its own name, `weight` for Keras' kernels, then "*". Null: the config
/// does not name it.
const std::optional<PalettizationSpec>* find_state(const StateSpecs& specs,
                                                   const std::string& state) {
    const auto named = [&](const std::string& name) -> const std::optional<PalettizationSpec>* {
        for (auto entry = specs.rbegin(); entry != specs.rend(); ++entry) {
            if (entry->first == name) return &entry->second;
        }
        return nullptr;
    };
    if (const auto* found = named(state)) return found;
    if (is_keras_kernel(state)) {
        if (const auto* found = named("weight")) return found;
    }
    return named("*");
}

/// What a module config says of a state. known: the config names the state; spec: nullopt = dense.
struct Verdict {
    bool known = false;
    std::optional<PalettizationSpec> spec;
};

Verdict verdict_of_states(const std::optional<StateSpecs>& specs, const std::string& state,
                          const ModuleConfig& module) {
    if (!specs) {
        if (!is_default_state(state)) return {};
        PalettizationSpec spec;
        spec.enable_fast_kmeans_mode = module.enable_fast_kmeans_mode;
        spec.rounding_precision = module.rounding_precision;
        return {true, spec};
    }
    const auto* found = find_state(*specs, state);
    return found == nullptr ? Verdict{} : Verdict{true, *found};
}

/// All names under which rules see a module and the modules above it, the module itself first.
std::vector<std::string> ancestors(const std::string& module) {
    std::vector<std::string> names{module};
    for (std::size_t dot = module.rfind('.'); dot != std::string::npos && dot > 0;
         dot = module.rfind('.', dot - 1)) {
        names.push_back(module.substr(0, dot));
    }
    return names;
}

struct CompiledRule {
    const ModuleRule* rule = nullptr;
    std::string label;
    std::optional<Pattern> pattern;  // name rules
    bool by_type = false;
    std::size_t matched_modules = 0;
    std::size_t won = 0;
    std::size_t lost_to = 0;  // rule that took a tensor over, +1
};

struct Winner {
    std::size_t rule = 0;     // index + 1; 0: global_config
    bool own_module = false;  // the rule names the tensor's own module, not one above it
};

class Selector {
  public:
    Selector(const Config& config, const std::map<std::string, std::string>& types,
             const SelectionOptions& options)
        : config_(config), types_(types), options_(options) {
        require_types();
        for (const ModuleRule& rule : config.module_type_configs) add_rule(rule, true);
        for (const ModuleRule& rule : config.module_name_configs) add_rule(rule, false);
        if (!options.include.empty())
            include_.emplace(options.include, "--include '" + options.include + "'");
        if (!options.exclude.empty())
            exclude_.emplace(options.exclude, "--exclude '" + options.exclude + "'");
    }

    Selection select(const std::vector<Candidate>& candidates) {
        Selection selection;
        for (const Candidate& candidate : candidates)
            selection.decisions.push_back(decide(candidate));
        check_rules(selection);
        check_paths(candidates);
        if (std::none_of(selection.decisions.begin(), selection.decisions.end(),
                         [](const Decision& d) { return d.spec.has_value(); })) {
            nothing_selected(candidates, selection);
        }
        return selection;
    }

  private:
    void add_rule(const ModuleRule& rule, bool by_type) {
        CompiledRule compiled;
        compiled.rule = &rule;
        compiled.by_type = by_type;
        compiled.label = fmt::format(
            "{} '{}' ({}{})", by_type ? "module_type_configs" : "module_name_configs", rule.pattern,
            config_.source, rule.line > 0 ? fmt::format(":{}", rule.line) : "");
        if (!by_type) compiled.pattern.emplace(rule.pattern, compiled.label);
        rules_.push_back(std::move(compiled));
    }

    void require_types() const {
        if (!types_.empty()) return;
        const auto has_ops = [](const std::optional<ModuleConfig>& module) {
            return module && !module->op_type_config.empty();
        };
        std::string what;
        if (!config_.module_type_configs.empty())
            what = "module_type_configs '" + config_.module_type_configs[0].pattern + "'";
        if (has_ops(config_.global_config)) what = "op_type_config of global_config";
        for (const ModuleRule& rule : config_.module_name_configs) {
            if (has_ops(rule.config)) what = "op_type_config of '" + rule.pattern + "'";
        }
        if (what.empty()) return;
        throw Error(ErrorCode::kUsage,
                    config_.source + ": " + what +
                        ": a rule by type, but this file does not say the types of its layers (no "
                        "Keras model_config); use "
                        "module_name_configs, whose patterns match module paths");
    }

    std::string type_of(const std::string& module) const {
        const auto parts = split(module);
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
            if (const auto found = types_.find(*part); found != types_.end()) return found->second;
        }
        return "";
    }

    /// Whether a rule covers the module under any of its names; sets own_module.
    bool covers(const CompiledRule& rule, const TensorName& name, bool* own_module) const {
        *own_module = true;
        if (rule.by_type)
            return same_layer_type(rule.rule->pattern, type_of(name.module_names.front()));
        for (const std::string& module : name.module_names) {
            if (rule.pattern->matches(module)) return true;
        }
        *own_module = false;
        for (const std::string& module : name.module_names) {
            for (const std::string& above : ancestors(module)) {
                if (rule.pattern->matches(above)) return true;
            }
        }
        return false;
    }

    /// Names beat types beat global; within a level the later entry wins. Types stand before names
    /// in rules_, so the last match wins altogether.
    Winner winner_of(const TensorName& name) {
        const std::string& key = name.module_names.front();
        if (const auto known = winners_.find(key); known != winners_.end()) return known->second;
        Winner winner;
        std::vector<std::size_t> matching;
        for (std::size_t r = 0; r < rules_.size(); ++r) {
            bool own_module = false;
            if (!covers(rules_[r], name, &own_module)) continue;
            ++rules_[r].matched_modules;
            matching.push_back(r);
            winner = {r + 1, own_module};
        }
        for (const std::size_t r : matching) {
            if (r + 1 == winner.rule) {
                ++rules_[r].won;
            } else {
                rules_[r].lost_to = winner.rule;
            }
        }
        winners_.emplace(key, winner);
        return winner;
    }

    Verdict verdict(const ModuleConfig& module, const TensorName& name, bool own_module) const {
        if (own_module) {
            if (const auto* found = find_state(module.module_state_spec, name.state_name))
                return {true, *found};
        }
        const std::string& path = name.module_names.front();
        for (auto op = module.op_name_config.rbegin(); op != module.op_name_config.rend(); ++op) {
            const Pattern pattern(op->first, "op_name_config '" + op->first + "'");
            const bool hit = std::any_of(name.module_names.begin(), name.module_names.end(),
                                         [&](const std::string& module_name) {
                                             return pattern.matches(module_name);
                                         }) ||
                             pattern.matches(split(path).back());
            if (hit) return verdict_of_states(op->second.op_state_spec, name.state_name, module);
        }
        for (auto op = module.op_type_config.rbegin(); op != module.op_type_config.rend(); ++op) {
            if (same_layer_type(op->first, type_of(path))) {
                return verdict_of_states(op->second.op_state_spec, name.state_name, module);
            }
        }
        return verdict_of_states(module.op_state_spec, name.state_name, module);
    }

    Decision decide(const Candidate& candidate) {
        const TensorName name = tensor_name(candidate.path, candidate.rank);
        Decision decision;
        decision.module_path = name.module_names.front();
        decision.state_name = name.state_name;
        if (!candidate.is_float) {
            decision.reason = "not floating point";
            return decision;
        }
        all_modules_.insert(name.module_names.begin(), name.module_names.end());
        decide_by_rules(name, decision);
        if (candidate.element_count <= 1) {
            decision.spec.reset();
            decision.reason = candidate.element_count == 0 ? "no values" : "a single value";
            return decision;
        }
        const bool included = include_ && candidate.rank >= 2 && include_->matches(candidate.path);
        included_ += included ? 1 : 0;
        if (included) {
            if (!decision.spec) decision.spec = spec_of_included();
            decision.reason = "--include '" + options_.include + "'";
        }
        if (exclude_ && exclude_->matches(candidate.path)) {
            ++excluded_;
            decision.spec.reset();
            decision.reason = "--exclude '" + options_.exclude + "'";
        }
        return decision;
    }

    void decide_by_rules(const TensorName& name, Decision& decision) {
        const Winner winner = winner_of(name);
        const bool by_rule = winner.rule > 0;
        const bool by_name = by_rule && !rules_[winner.rule - 1].by_type;
        const std::optional<ModuleConfig>& module =
            by_rule ? rules_[winner.rule - 1].rule->config : config_.global_config;
        const std::string label =
            by_rule ? rules_[winner.rule - 1].label : "global_config (" + config_.source + ")";
        if (!by_name && is_optimizer_state(decision.module_path)) {
            decision.reason = "optimizer state; a name rule or --include can select it";
            return;
        }
        if (!by_rule && is_embedding(decision.module_path, name.state_name)) {
            decision.reason = "an embedding; a rule or --include can select it";
            return;
        }
        if (!module) {
            decision.reason = label + " is null";
            return;
        }
        const Verdict said = verdict(*module, name, winner.own_module);
        decision.spec = said.spec;
        decision.reason =
            !said.known ? fmt::format("state '{}' is not named by {}", name.state_name, label)
            : said.spec ? label
                        : fmt::format("state '{}' is null in {}", name.state_name, label);
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

    std::string nearest_modules(const std::string& pattern) const {
        std::vector<std::pair<std::size_t, std::string>> ranked;
        for (const std::string& module : all_modules_) {
            if (!module.empty())
                ranked.emplace_back(
                    yaml::edit_distance(pattern.substr(0, 200), module.substr(0, 200)), module);
        }
        const std::size_t shown = std::min<std::size_t>(3, ranked.size());
        std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(shown),
                          ranked.end());
        std::string text;
        for (std::size_t r = 0; r < shown; ++r) text += (r == 0 ? "" : ", ") + ranked[r].second;
        return text;
    }

    void check_rules(Selection& selection) const {
        for (const CompiledRule& rule : rules_) {
            if (rule.matched_modules == 0) {
                std::string text = rule.label + ": matches no module of this file; ";
                if (rule.by_type) {
                    std::set<std::string> types;
                    for (const auto& [layer, type] : types_) types.insert(type);
                    text += fmt::format("its types are {}", fmt::join(types, ", "));
                } else {
                    text += "a pattern must match a whole module path; the nearest are " +
                            nearest_modules(rule.rule->pattern);
                }
                if (!options_.allow_unmatched_rules) {
                    throw Error(ErrorCode::kUsage,
                                text + " (--allow-unmatched-rules makes this a warning)");
                }
                selection.warnings.push_back(text);
            } else if (rule.won == 0) {
                selection.warnings.push_back(
                    rule.label + ": is shadowed: all that it matches is taken by the later " +
                    rules_[rule.lost_to - 1].label);
            }
        }
    }

    void check_paths(const std::vector<Candidate>& candidates) const {
        if (include_ && included_ == 0) {
            throw Error(
                ErrorCode::kUsage,
                fmt::format("--include '{}': matches no floating-point dataset of rank 2 and more; "
                            "it must match a whole path, such as {}",
                            options_.include, sample_paths(candidates)));
        }
        if (exclude_ && excluded_ == 0) {
            throw Error(
                ErrorCode::kUsage,
                fmt::format("--exclude '{}': matches no floating-point dataset; it must match a "
                            "whole path, such as {}",
                            options_.exclude, sample_paths(candidates)));
        }
    }

    static std::string sample_paths(const std::vector<Candidate>& candidates) {
        std::vector<std::string> paths;
        for (const Candidate& candidate : candidates) {
            if (candidate.is_float && candidate.rank >= 2 && candidate.element_count > 1 &&
                paths.size() < 4) {
                paths.push_back(candidate.path);
            }
        }
        return paths.empty() ? "(there is none)" : fmt::format("{}", fmt::join(paths, ", "));
    }

    [[noreturn]] void nothing_selected(const std::vector<Candidate>& candidates,
                                       const Selection& selection) const {
        std::set<std::string> states;
        for (std::size_t c = 0; c < candidates.size(); ++c) {
            if (candidates[c].is_float && states.size() < 8)
                states.insert(selection.decisions[c].state_name);
        }
        const std::string found = states.empty()
                                      ? "no floating-point tensors at all"
                                      : fmt::format("the state names {}", fmt::join(states, ", "));
        throw Error(ErrorCode::kUsage,
                    fmt::format("nothing is selected: {} looks for states such as weight and "
                                "kernel, this file has {}; pass "
                                "--include with a pattern for whole paths, such as {}",
                                config_.source, found, sample_paths(candidates)));
    }

    const Config& config_;
    const std::map<std::string, std::string>& types_;
    const SelectionOptions& options_;
    std::vector<CompiledRule> rules_;
    std::optional<Pattern> include_;
    std::optional<Pattern> exclude_;
    std::unordered_map<std::string, Winner> winners_;
    std::set<std::string> all_modules_;
    std::size_t included_ = 0;
    std::size_t excluded_ = 0;
};

}  // namespace

Selection select_tensors(const Config& config, const std::vector<Candidate>& candidates,
                         const std::map<std::string, std::string>& layer_types,
                         const SelectionOptions& options) {
    return Selector(config, layer_types, options).select(candidates);
}

}  // namespace pal
