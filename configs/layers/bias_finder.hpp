// Finds the biases beside kernels.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "configs/layers/module.hpp"

namespace pal {

/// Finds the biases beside kernels. Looks at the tensors of the module once: a flat file has all of
/// its tensors in one. The module outlives it and keeps its members.
class BiasFinder {
  public:
    explicit BiasFinder(const Module& module);

    /// Returns the bias beside a kernel: by its name or number, or the only one; null if there is
    /// none.
    [[nodiscard]] const Member* bias_of(const Member& kernel) const;

    /// Counts a tensor that became a kernel or a bias.
    void count(const Member& member);

  private:
    const Module& module_;
    std::unordered_map<std::string_view, const Member*> by_state_;  // the first of each
    const Member* last_bias_ = nullptr;
    std::size_t biases_ = 0;
    std::size_t kernels_ = 0;
    bool shares_bias_ = false;  // the kind of the module has several kernels and one bias
};

/// True for a stack of kernels, one for each expert: (experts, in, out) with a bias (experts, out),
/// and what is called so.
[[nodiscard]] bool is_stack(const Module& module, const Member& kernel);

}  // namespace pal
