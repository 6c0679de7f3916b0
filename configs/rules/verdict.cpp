#include "configs/rules/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "configs/model/layer_types.hpp"
#include "configs/model/module_path.hpp"
#include "configs/model/states.hpp"

namespace pal {

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

namespace {

/// Tells what state specs say of a state.
std::string text_of_states(const std::optional<StateSpecs>& specs, const std::string& state) {
    if (!specs) {
        return fmt::format("is not given: state '{}' is {} of those palettized by default", state,
                           is_default_state(state) ? "one" : "none");
    }
    const auto* found = find_state(*specs, state);
    if (found == nullptr) return fmt::format("does not name state '{}'", state);
    const auto entry = std::find_if(specs->begin(), specs->end(),
                                    [&](const auto& one) { return &one.second == found; });
    return fmt::format("state '{}' has the entry '{}'{}", state, entry->first,
                       *found ? "" : ", which is null: dense");
}

/// Tries the entries of a module's config, the strongest first. The first that covers the tensor
/// decides.
class EntryTrials {
  public:
    explicit EntryTrials(std::vector<Trial>* trials) : trials_(trials) {}

    /// True if an entry has decided and the others need not be told.
    [[nodiscard]] bool done() const { return verdict_.has_value() && trials_ == nullptr; }
    [[nodiscard]] Verdict verdict() const { return verdict_.value_or(Verdict{}); }

    /// `covers`: the entry has a say on the tensor. `verdict` is called only for the entry that
    /// decides, `text` only if trials are told.
    template <class VerdictOf, class TextOf>
    void try_entry(const char* level, const std::string* name, bool covers,
                   const VerdictOf& verdict, const TextOf& text) {
        const bool decides = covers && !verdict_;
        if (trials_ != nullptr) {
            const std::string what = name == nullptr ? level : fmt::format("{} '{}'", level, *name);
            const std::string said = text();
            trials_->push_back(
                {what, covers, decides,
                 covers && !decides ? "would hold, but " + winner_ + " beats it" : said});
            if (decides) winner_ = what;
        }
        if (decides) verdict_ = verdict();
    }

  private:
    std::vector<Trial>* trials_;
    std::optional<Verdict> verdict_;
    std::string winner_;
};

bool names_module(const OpRule& op, const TensorName& name) {
    return std::any_of(name.module_names.begin(), name.module_names.end(),
                       [&](const std::string& module) { return op.pattern->matches(module); }) ||
           op.pattern->matches(module_components(name.module_names.front()).back());
}

}  // namespace

Verdict verdict_of_module(const ModuleConfig& module, const TensorName& name,
                          const std::string& layer_type, bool own_module,
                          std::vector<Trial>* trials) {
    const std::string& state = name.state_name;
    EntryTrials entries(trials);
    if (!module.module_state_spec.empty()) {
        const auto* found = own_module ? find_state(module.module_state_spec, state) : nullptr;
        entries.try_entry(
            "module_state_spec", nullptr, found != nullptr,
            [&] {
                return Verdict{true, *found};
            },
            [&] {
                return own_module ? text_of_states(module.module_state_spec, state)
                                  : "is for the module that the rule names, not for those below";
            });
    }
    const auto try_op = [&](const char* level, const OpRule& op, bool hit) {
        entries.try_entry(
            level, &op.name, hit,
            [&] { return verdict_of_states(op.config.op_state_spec, state, module); },
            [&] {
                return hit ? "matches: op_state_spec " +
                                 text_of_states(op.config.op_state_spec, state)
                           : std::string("does not match");
            });
    };
    const auto& by_name = module.op_name_config;
    for (auto op = by_name.rbegin(); op != by_name.rend() && !entries.done(); ++op)
        try_op("op_name_config", *op, names_module(*op, name));
    const auto& by_type = module.op_type_config;
    for (auto op = by_type.rbegin(); op != by_type.rend() && !entries.done(); ++op)
        try_op("op_type_config", *op, same_layer_type(op->name, layer_type));
    if (!entries.done()) {
        entries.try_entry(
            "op_state_spec", nullptr, true,
            [&] { return verdict_of_states(module.op_state_spec, state, module); },
            [&] { return text_of_states(module.op_state_spec, state); });
    }
    return entries.verdict();
}

}  // namespace pal
