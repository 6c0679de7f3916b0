// Costs of intervals of sorted weighted bins. Every scalar engine minimises their sum.
//
// A bin is a run of neighbouring values. It has their weight, the mean of their coordinates, and
// the weighted sum of squared distances to it. A coordinate is (value - centre) * unit. The unit is
// a power of two; the centre is 0 unless the data lie far from zero. Squares then neither overflow
// nor underflow, and little cancels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace pal::cluster {

struct Bin {
    double weight = 0;  // > 0
    double mean = 0;
    double spread = 0;  // weighted sum of squared distances to the mean
};

/// Returns both bins as one. `spread` keeps its relative precision, whatever the means.
[[nodiscard]] inline Bin merged(const Bin& a, const Bin& b) noexcept {
    const double weight = a.weight + b.weight;
    const double share = b.weight / weight;
    const double distance = b.mean - a.mean;
    return {weight, a.mean + distance * share,
            a.spread + b.spread + distance * distance * a.weight * share};
}

/// A linear map from values to coordinates, and back.
struct Coordinates {
    double centre = 0;
    double unit = 1;

    [[nodiscard]] double of(double value) const noexcept { return (value - centre) * unit; }
    [[nodiscard]] double back(double coordinate) const noexcept {
        return coordinate / unit + centre;
    }
};

/// Returns coordinates for data in [low, high].
[[nodiscard]] inline Coordinates coordinates_for(double low, double high) noexcept {
    Coordinates coordinates;
    const double range = high - low;
    const bool far_from_zero = std::isfinite(range) && (low > 4 * range || high < -4 * range);
    if (far_from_zero) coordinates.centre = low + range / 2;
    const double largest =
        std::max(std::abs(low - coordinates.centre), std::abs(high - coordinates.centre));
    if (largest > 0) {
        coordinates.unit = std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1022));
    }
    return coordinates;
}

/// Costs from prefix sums: O(1) and quick. doubt() bounds what rounding may have changed. O(n)
/// memory.
class PrefixCosts {
  public:
    explicit PrefixCosts(std::span<const Bin> bins);

    [[nodiscard]] std::size_t size() const noexcept { return prefix_.size() - 1; }

    /// Returns the cost of bins begin .. end - 1 (begin < end) as one cluster: the weighted sum of
    /// squared distances of their values to their mean.
    [[nodiscard]] double operator()(std::size_t begin, std::size_t end) const noexcept {
        const double weight = prefix_[end].weight - prefix_[begin].weight;
        if (!(weight > 0)) return 0;
        const double sum = prefix_[end].sum - prefix_[begin].sum;
        const double squares = prefix_[end].squares - prefix_[begin].squares;
        return std::max(0.0, squares - sum * sum / weight);
    }

    /// Returns the largest error of the cost of an interval.
    [[nodiscard]] double doubt() const noexcept { return doubt_; }

  private:
    struct Sums {
        double weight = 0;
        double sum = 0;
        double squares = 0;
    };
    std::vector<Sums> prefix_;
    double doubt_ = 0;
};

/// The same costs to full relative precision: only means are ever subtracted. They serve tight
/// clusters far from each other, where prefix sums cancel: say two bumps of width 1e-6 at -1 and 1.
/// O(1), some ten times slower than PrefixCosts; O(n) memory.
///
/// Bins are grouped into blocks. Inside a block, moments are added up bin by bin. Across blocks,
/// three parts are merged: bins to the end of the first block, the blocks between, and bins from
/// the begin of the last block. A disjoint sparse table holds the moments of blocks, from and to
/// each middle of a power of two.
class MergedCosts {
  public:
    /// The bins must outlive it.
    explicit MergedCosts(std::span<const Bin> bins);

    [[nodiscard]] std::size_t size() const noexcept { return bins_.size(); }
    [[nodiscard]] double operator()(std::size_t begin, std::size_t end) const noexcept;

  private:
    [[nodiscard]] Bin blocks(std::size_t first, std::size_t last) const noexcept;

    std::span<const Bin> bins_;
    std::vector<Bin> to_block_end_;        // [bin]
    std::vector<Bin> from_block_begin_;    // [bin]
    std::vector<std::vector<Bin>> table_;  // [level][block]
};

}  // namespace pal::cluster
