// Costs of intervals of sorted weighted bins, from prefix sums: the one thing that every scalar
// engine minimises.
//
// A bin is a run of neighbouring values: their weight, and sum and sum of squares of their
// coordinates. A coordinate is (value - centre) * unit with a power of two for unit and, unless the
// data lie far from zero, 0 for centre: squares then neither overflow nor underflow, and little
// cancels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace pal::cluster {

struct Bin {
    double weight = 0;
    double sum = 0;
    double sum_of_squares = 0;
};

struct Coordinates {
    double centre = 0;
    double unit = 1;

    [[nodiscard]] double of(double value) const noexcept { return (value - centre) * unit; }
    [[nodiscard]] double back(double coordinate) const noexcept {
        return coordinate / unit + centre;
    }
};

/// Coordinates for data in [low, high].
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

/// Cost of an interval: the weighted sum of squared distances of its values to their mean.
class IntervalCosts {
  public:
    explicit IntervalCosts(std::span<const Bin> bins) : prefix_(bins.size() + 1) {
        for (std::size_t b = 0; b < bins.size(); ++b) {
            prefix_[b + 1] = {prefix_[b].weight + bins[b].weight, prefix_[b].sum + bins[b].sum,
                              prefix_[b].sum_of_squares + bins[b].sum_of_squares};
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return prefix_.size() - 1; }

    /// Bins begin .. end - 1.
    [[nodiscard]] double operator()(std::size_t begin, std::size_t end) const noexcept {
        const double weight = prefix_[end].weight - prefix_[begin].weight;
        if (!(weight > 0)) return 0;
        const double sum = prefix_[end].sum - prefix_[begin].sum;
        const double squares = prefix_[end].sum_of_squares - prefix_[begin].sum_of_squares;
        return std::max(0.0, squares - sum * sum / weight);
    }

  private:
    std::vector<Bin> prefix_;
};

}  // namespace pal::cluster
