// Counted bins in coordinates, and what is known of the cost of LUTs of their data.
#pragma once

#include <span>
#include <vector>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// Costs are in coordinates. Of a bin's spread only the most is known: bins() have none.
class BinnedData {
  public:
    /// Ascending, disjoint bins, at least one.
    explicit BinnedData(std::span<const CountedBin> counted);

    [[nodiscard]] std::span<const Bin> bins() const noexcept { return bins_; }
    [[nodiscard]] std::span<const CountedBin> extents() const noexcept { return extents_; }
    [[nodiscard]] const Coordinates& coordinates() const noexcept { return coordinates_; }
    /// Of means and ends.
    [[nodiscard]] double rounding() const noexcept { return rounding_; }

    /// Of a LUT at most, every bin with the centroid that is nearest to its mean.
    [[nodiscard]] double cost_of(std::span<const double> centroids) const;

    /// At least what one more cluster than `clusters` (2 or more) saves. The optimum is convex in
    /// their number: no more than what each saved on the way from half of the LUT's.
    [[nodiscard]] double most_saved(std::span<const double> centroids, std::size_t clusters) const;

    /// A cost as computed, with what rounding may have taken away, or added. Means are off by
    /// rounding(); the root of the cost is a distance, and changes by no more than the points move.
    [[nodiscard]] double raised(double cost) const;
    [[nodiscard]] double lowered(double cost) const;

  private:
    [[nodiscard]] double most_spread(const CountedBin& bin) const;
    template <class Visit>
    void for_each_nearest(std::span<const double> centroids, const Visit& visit) const;

    Coordinates coordinates_;
    std::vector<Bin> bins_;
    std::vector<CountedBin> extents_;
    double weight_ = 0;
    double rounding_ = 0;
    double spread_ = 0;  // inside bins, at most
};

}  // namespace pal::cluster
