#include "configs/layers/layer_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "configs/layers/bias_finder.hpp"
#include "configs/layers/channel_dims.hpp"
#include "configs/layers/layer_classes.hpp"
#include "configs/layers/module_roles.hpp"
#include "configs/layers/siblings.hpp"
#include "configs/layers/surroundings.hpp"
#include "configs/model/layer_types.hpp"
#include "configs/model/module_path.hpp"

namespace pal {

namespace {

using Kind = LayerKind;

std::string folder_of_path(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// Finds the type of a module in the file's own words: the innermost layer on its path.
class ModuleTypes {
  public:
    ModuleTypes(const LayerHints& hints, LayerTable& table) : hints_(hints), table_(table) {}

    /// Sets type and kind of a module, and notes the type of each layer on its path.
    void set(Module& module) {
        for (const Member& member : module.members) {
            const auto own = hints_.names.find(folder_of_path(member.path->path));
            for (const std::string& spelling : member.path->name.module_names) {
                // A name that the user gave is no default name, though it may look like one.
                note_spelling(spelling, module,
                              own == hints_.names.end() || spelling != own->second);
            }
        }
        for (const TypeRule& rule : hints_.types) obey(rule, module);
        if (module.type.empty()) return;
        module.kind = kind_of_class(module.type);
    }

  private:
    struct Found {
        std::string type;
        std::string evidence;
    };

    /// Takes the user's word where it is about this module, by any spelling.
    void obey(const TypeRule& rule, Module& module) {
        for (const Member& member : module.members) {
            for (const std::string& spelling : member.path->name.module_names) {
                if (!rule.pattern.matches(spelling)) continue;
                module.told_by_user = module.told_by_user || !is_wrapper(rule.type);
                module.type = is_wrapper(rule.type) ? wrapped(rule.type, module.type) : rule.type;
                table_.types[spelling] = module.type;
                module.kind_evidence =
                    fmt::format("{}: --types says so of '{}'", module.type, rule.text);
            }
        }
    }

    /// Puts a wrapper around the type of a layer; the layer tells the rest.
    [[nodiscard]] static std::string wrapped(const std::string& wrapper, const std::string& type) {
        if (type.empty() || is_wrapper(type)) return wrapper;
        return wrapped_classes(type).front() == wrapper ? type : wrapper + "(" + type + ")";
    }

    [[nodiscard]] Found find(const std::string& component, bool may_be_default) const {
        if (const auto named = hints_.classes.find(component); named != hints_.classes.end())
            return {named->second, fmt::format("model_config says so of '{}'", component)};
        if (!hints_.is_keras || !may_be_default) return {};
        std::string type = class_of_default_name(component);
        if (type.empty()) return {};
        return {std::move(type), fmt::format("'{}' is its default name", component)};
    }

    void note_spelling(const std::string& spelling, Module& module, bool may_be_default) {
        std::string prefix;
        for (const std::string& component : module_components(spelling)) {
            prefix += (prefix.empty() ? "" : ".") + component;
            Found found = find(component, may_be_default);
            if (found.type.empty()) continue;
            table_.types.emplace(prefix, found.type);
            module.type = found.type;
            module.kind_evidence = fmt::format("{}: {}", found.type, found.evidence);
        }
    }

    const LayerHints& hints_;
    LayerTable& table_;
};

/// Module of a state: without the parts of a path that are no modules, as Keras 3's "vars" and
/// torch's "parametrizations.weight".
std::string module_of(const TensorName& name) {
    std::string module = name.module_names.front();
    const auto cut = [&](const std::string& ending) {
        if (module == ending) module.clear();
        if (module.ends_with("." + ending)) module.erase(module.size() - ending.size() - 1);
    };
    cut("vars");
    cut("parametrizations.weight");
    return module;
}

class Builder {
  public:
    Builder(std::span<Candidate> candidates, const LayerHints& hints)
        : candidates_(candidates), hints_(hints) {}

    LayerTable build() {
        for (Candidate& candidate : candidates_) add_paths(candidate);
        for (Candidate& candidate : candidates_) {
            for (TensorPath& path : candidate.paths) {
                std::string name = module_of(path.name);
                Module& module = modules_[name];
                module.name = std::move(name);
                if (candidate.is_float) module.members.push_back({&path, &candidate.shape});
                if (is_quantized_kernel(candidate, path)) module.quantized = &candidate.shape;
            }
        }
        note_surroundings(modules_);
        for (auto& [name, module] : modules_) decide(module);
        for (const auto& [type, module] : refuted_) forget(type, *module);
        for (auto& [name, module] : modules_) describe(module);
        table_.types.insert(hints_.classes.begin(), hints_.classes.end());  // without tensors too
        std::ranges::sort(table_.warnings);
        return std::move(table_);
    }

  private:
    void add_paths(Candidate& candidate) {
        candidate.paths = {named(candidate.path)};
        for (const std::string& alias : candidate.aliases) candidate.paths.push_back(named(alias));
    }

    /// Adds the layer's own name where the file has one that the path does not show.
    [[nodiscard]] TensorPath named(const std::string& path) const {
        TensorPath result{path, tensor_name(path), {}};
        std::vector<std::string>& spellings = result.name.module_names;
        const auto own = hints_.names.find(folder_of_path(path));
        if (own != hints_.names.end() &&
            std::ranges::find(spellings, own->second) == spellings.end())
            spellings.push_back(own->second);
        return result;
    }

    /// True for variable 0 of a layer that Keras quantized to int8, or to int4 in bytes.
    [[nodiscard]] static bool is_quantized_kernel(const Candidate& candidate,
                                                  const TensorPath& path) {
        const bool is_byte = candidate.stored_type == "int8" || candidate.stored_type == "uint8";
        return is_byte && candidate.rank() >= 2 &&
               variable_number(path.name.state_name) == std::size_t{0};
    }

    void decide(Module& module) {
        ModuleTypes(hints_, table_).set(module);
        const std::string type = module.type;
        decide_roles(module);
        if (module.type != type) refuted_.emplace_back(type, &module);
        siblings_.note(module);
    }

    /// Takes a refuted type from the layers on a module's path.
    void forget(const std::string& type, const Module& module) {
        for (const Member& member : module.members) {
            for (const std::string& spelling : member.path->name.module_names) {
                for (const std::string& layer : with_parents(spelling)) {
                    const auto found = table_.types.find(layer);
                    if (found != table_.types.end() && found->second == type)
                        table_.types.erase(found);
                }
            }
        }
    }

    void describe(Module& module) {
        for (const Member& member : module.members) {
            Layer& layer = member.layer();
            layer.kind = module.kind;
            layer.type = module.type;
            layer.rank = member.rank();
            layer.is_weight = is_weight(member);
            if (!module.kind_evidence.empty())
                layer.evidence.insert(layer.evidence.begin(), module.kind_evidence);
            // A type covers all layers below, and these have types of their own.
            const bool is_of_many = module.holds_layers && member.number;
            if (layer.type.empty() && is_kernel(layer) && hints_.classes.empty() && !is_of_many)
                layer.type = torch_class_of(layer.kind, member.rank());
            for (const std::string& spelling : member.path->name.module_names)
                if (!layer.type.empty()) note_type(spelling, layer.type);
            add_channels(module, member);
        }
    }

    /// Notes the type of a module, unless it or a layer that holds it has one.
    void note_type(const std::string& spelling, const std::string& type) {
        const std::vector<std::string> layers = with_parents(spelling);
        if (std::ranges::none_of(
                layers, [&](const std::string& layer) { return table_.types.contains(layer); }))
            table_.types.emplace(spelling, type);
    }

    /// True for torch's `weight` and for what has another name because another framework wrote it.
    [[nodiscard]] static bool is_weight(const Member& member) {
        if (member.path->name.state_name == "weight") return true;
        const bool is_torch_state =
            member.meaning &&
            (member.meaning->is_of_torch || member.meaning->order == DimensionOrder::kOutputFirst);
        const Layer& layer = member.layer();
        const bool is_slot = layer.role == TensorRole::kOptimizerSlot && member.rank() >= 2;
        const bool is_one = is_kernel(layer) || layer.role == TensorRole::kEmbedding || is_slot;
        return is_one && !is_torch_state;
    }

    /// Returns the equation that the file gives for a module, by its name in the path or its own.
    [[nodiscard]] std::string equation_of(const Module& module, const Member& member) const {
        const auto named = hints_.names.find(folder_of_path(member.path->path));
        const auto found = hints_.equations.find(
            named != hints_.names.end() ? named->second : module.last_component());
        return found == hints_.equations.end() ? "" : found->second;
    }

    [[nodiscard]] KernelFacts facts_of(const Module& module, const Member& member) const {
        // A separable convolution has a kernel of each kind.
        const bool is_depthwise =
            member.meaning && member.meaning->kind == Kind::kDepthwiseConvolution;
        KernelFacts facts{member.path->path,
                          member.path->name.module_names.back(),
                          module.last_component(),
                          member.state,
                          *member.shape,
                          is_depthwise ? Kind::kDepthwiseConvolution : module.kind,
                          member.meaning ? member.meaning->order : std::nullopt,
                          member.bias == nullptr ? nullptr : member.bias->shape};
        facts.equation = equation_of(module, member);
        facts.is_stack = is_stack(module, member);
        if (module.told_by_user) {
            facts.order_of_user = order_of_class(module.type);
            facts.user_evidence = "--types says " + module.type;
        }
        const bool is_square = member.rank() == 2 && member.shape->front() == member.shape->back();
        if (is_square || facts.is_stack)
            facts.siblings = siblings_.order_beside(module, member.rank());
        if (member.rank() == 3) facts.other_end = siblings_.other_end_of_heads(module);
        return facts;
    }

    void add_channels(const Module& module, const Member& member) {
        Layer& layer = member.layer();
        const FoundChannels found = channels_of(facts_of(module, member), hints_);
        layer.output = found.output;
        layer.input = found.input;
        if (!is_kernel(layer)) return;
        if (!found.evidence.empty()) layer.evidence.push_back(found.evidence);
        if (!found.warning.empty()) table_.warnings.push_back(found.warning);
    }

    std::span<Candidate> candidates_;
    const LayerHints& hints_;
    LayerTable table_;
    std::map<std::string, Module> modules_;
    std::vector<std::pair<std::string, const Module*>> refuted_;  // types that no module has
    Siblings siblings_;
};

}  // namespace

LayerTable describe_layers(std::span<Candidate> candidates, const LayerHints& hints) {
    return Builder(candidates, hints).build();
}

}  // namespace pal
