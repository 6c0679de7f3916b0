// Prefix sums of sorted bins as arrays, for solvers in SIMD, with a bound of the rounding error.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// Sums over all bins in front of each position. Storage is reused from one build to the next.
class PrefixSums {
  public:
    /// Sums up the bins: O(n), about 2 ns per bin. `padding` zeros follow behind the last position.
    void build(std::span<const Bin> bins, std::size_t padding);

    [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
    [[nodiscard]] std::span<const double> sums() const noexcept { return sums_; }
    /// Returns the weighted sum of squares of all values. The costs of the intervals of any
    /// partition, and their gains sum^2 / weight, add up to it.
    [[nodiscard]] double squares() const noexcept { return squares_; }
    /// Returns the largest error of the cost of a partition into `intervals`. Infinite if weights
    /// are so small or unequal that their sums lose some of them.
    [[nodiscard]] double doubt(std::size_t intervals) const noexcept;

  private:
    std::vector<double> weights_;
    std::vector<double> sums_;
    double squares_ = 0;
    double magnitude_ = 0;  // sum of all terms that cancel
};

}  // namespace pal::cluster
