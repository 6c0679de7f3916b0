#include "configs/layers/bias_finder.hpp"

#include <algorithm>

namespace pal {

BiasFinder::BiasFinder(const Module& module)
    : module_(module),
      shares_bias_(module.kind == LayerKind::kRecurrent ||
                   module.kind == LayerKind::kSeparableConvolution) {
    for (const Member& member : module.members) {
        by_state_.emplace(member.state, &member);
        count(member);
    }
}

void BiasFinder::count(const Member& member) {
    if (is_kernel(member.layer())) ++kernels_;
    if (member.layer().role != TensorRole::kBias) return;
    last_bias_ = &member;
    ++biases_;
}

const Member* BiasFinder::bias_of(const Member& kernel) const {
    const Member* named = nullptr;
    for (const std::string& name : bias_names_of(kernel.state)) {
        const auto found = by_state_.find(name);
        // Members are sorted, so the lower address comes first.
        if (found != by_state_.end() && (named == nullptr || found->second < named))
            named = found->second;
    }
    if (named != nullptr) return named;
    const bool is_alone = kernels_ <= 1 || (kernel.number && shares_bias_);
    if (biases_ == 1 && is_alone) return last_bias_;
    // Numbered variables stand in order, each kernel before its bias.
    const Member* const next = &kernel + 1;
    const bool has_next = kernel.number && &kernel != &module_.members.back();
    return has_next && next->layer().role == TensorRole::kBias ? next : nullptr;
}

bool is_stack(const Module& module, const Member& kernel) {
    if (kernel.rank() != 3) return false;
    if (module.last_component().find("expert") != std::string::npos) return true;
    if (kernel.state == "gate_up_proj" || kernel.state == "down_proj") return true;
    if (kernel.bias == nullptr || kernel.bias->rank() != 2) return false;
    const Shape& bias = *kernel.bias->shape;
    const Shape& shape = *kernel.shape;
    const bool is_of_heads = std::equal(bias.begin(), bias.end(), shape.begin() + 1);
    return !is_of_heads && bias[0] == shape[0] && (bias[1] == shape[1] || bias[1] == shape[2]);
}

}  // namespace pal
