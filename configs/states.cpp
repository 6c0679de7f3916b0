#include "configs/states.hpp"

#include <algorithm>
#include <array>

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

}  // namespace

bool is_default_state(const std::string& state) {
    return state == "weight" || state == "in_proj_weight" || is_keras_kernel(state);
}

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

}  // namespace pal
