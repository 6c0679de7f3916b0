// Prefix sums of sorted bins as arrays, for solvers in SIMD, with a bound of what rounding may
// hide.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// Position p stands for all bins in front of bin p. Storage is reused from one build to the next.
class PrefixSums {
  public:
    /// O(n), about 2 ns a bin. `padding` zeros follow behind the last position.
    void build(std::span<const Bin> bins, std::size_t padding);

    [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
    [[nodiscard]] std::span<const double> sums() const noexcept { return sums_; }
    /// Of all values: what the costs of the intervals of any partition and their gains sum^2 /
    /// weight add up to.
    [[nodiscard]] double squares() const noexcept { return squares_; }
    /// The cost of a partition into `intervals` may be off by this much; infinite where weights
    /// are so small or unequal that sums of them lose some.
    [[nodiscard]] double doubt(std::size_t intervals) const noexcept;

  private:
    std::vector<double> weights_;
    std::vector<double> sums_;
    double squares_ = 0;
    double magnitude_ = 0;  // sum of all that cancels
};

}  // namespace pal::cluster
