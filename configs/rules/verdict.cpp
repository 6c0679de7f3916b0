#include "configs/rules/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "configs/model/layer_types.hpp"
#include "configs/model/module_path.hpp"
#include "configs/model/states.hpp"

namespace pal {

Verdict verdict_of_states(const std::optional<StateSpecs>& specs, const std::string& state,
                          const Layer& layer, const ModuleConfig& module) {
    if (!specs) {
        if (!is_default_state(state, layer, module.every_kernel)) return {};
        PalettizationSpec spec;
        spec.enable_fast_kmeans_mode = module.enable_fast_kmeans_mode;
        spec.rounding_precision = module.rounding_precision;
        return {true, spec};
    }
    const auto* found = find_op_state(*specs, state, layer, module.every_kernel);
    return found == nullptr ? Verdict{} : Verdict{true, *found};
}

namespace {

using Entry = std::optional<PalettizationSpec>;

/// Tells what the entry of state specs says of a state. found: null if there is none.
std::string text_of_entry(const StateSpecs& specs, const std::string& state, const Entry* found) {
    if (found == nullptr) return fmt::format("does not name state '{}'", state);
    const auto entry = std::find_if(specs.begin(), specs.end(),
                                    [&](const auto& one) { return &one.second == found; });
    return fmt::format("state '{}' has the entry '{}'{}", state, entry->first,
                       *found ? "" : ", which is null: dense");
}

/// Tells what an op_state_spec says of a state.
std::string text_of_states(const std::optional<StateSpecs>& specs, const std::string& state,
                           const Layer& layer, const ModuleConfig& module) {
    if (specs) {
        const Entry* const found = find_op_state(*specs, state, layer, module.every_kernel);
        if (found == nullptr && !is_op_state(layer)) {
            return fmt::format("does not reach state '{}', {}", state,
                               layer.kind == LayerKind::kUnknown
                                   ? "since the operation that uses it is not known"
                                   : fmt::format("a tensor of role {} of a layer of kind {}",
                                                 role_name(layer.role), kind_name(layer.kind)));
        }
        return text_of_entry(*specs, state, found);
    }
    return fmt::format("is not given: state '{}' is {} of those palettized by default", state,
                       is_default_state(state, layer, module.every_kernel) ? "one" : "none");
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

/// True if the pattern of an op_name_config matches the operation's name in coreai_opt, which is
/// "<module>.<operation>" or the operation alone in the module's own config, or the module's name.
bool names_operation(const OpRule& op, const TensorPath& path) {
    const std::string operation = operation_of(path.layer.kind, path.layer.rank);
    if (!operation.empty() && op.pattern->matches(operation)) return true;
    const auto matches = [&](const std::string& module) {
        return op.pattern->matches(module) ||
               (!operation.empty() && op.pattern->matches(module + "." + operation));
    };
    const std::vector<std::string>& modules = path.name.module_names;
    return std::any_of(modules.begin(), modules.end(), matches) ||
           matches(module_components(modules.front()).back());
}

/// True if a type of op_type_config ("aten.conv2d.default", "linear", "Dense") is the operation's.
bool is_of_type(const std::string& type, const Layer& layer, const std::string& layer_type) {
    return same_layer_type(type, layer_type) ||
           short_layer_type(type) == operation_of(layer.kind, layer.rank);
}

}  // namespace

Verdict verdict_of_module(const ModuleConfig& module, const TensorPath& path,
                          const std::string& layer_type, bool own_module,
                          std::vector<Trial>* trials) {
    const std::string& state = path.name.state_name;
    const Layer& layer = path.layer;
    EntryTrials entries(trials);
    if (!module.module_state_spec.empty()) {
        const auto* found =
            own_module ? find_module_state(module.module_state_spec, state, layer) : nullptr;
        entries.try_entry(
            "module_state_spec", nullptr, found != nullptr,
            [&] {
                return Verdict{true, *found};
            },
            [&] {
                return own_module ? text_of_entry(module.module_state_spec, state, found)
                                  : "is for the module that the rule names, not for those below";
            });
    }
    const auto try_op = [&](const char* level, const OpRule& op, bool hit) {
        entries.try_entry(
            level, &op.name, hit,
            [&] { return verdict_of_states(op.config.op_state_spec, state, layer, module); },
            [&] {
                return hit ? "matches: op_state_spec " +
                                 text_of_states(op.config.op_state_spec, state, layer, module)
                           : std::string("does not match");
            });
    };
    const auto& by_name = module.op_name_config;
    for (auto op = by_name.rbegin(); op != by_name.rend() && !entries.done(); ++op)
        try_op("op_name_config", *op, names_operation(*op, path));
    const auto& by_type = module.op_type_config;
    for (auto op = by_type.rbegin(); op != by_type.rend() && !entries.done(); ++op)
        try_op("op_type_config", *op, is_of_type(op->name, layer, layer_type));
    if (!entries.done()) {
        entries.try_entry(
            "op_state_spec", nullptr, true,
            [&] { return verdict_of_states(module.op_state_spec, state, layer, module); },
            [&] { return text_of_states(module.op_state_spec, state, layer, module); });
    }
    return entries.verdict();
}

}  // namespace pal
