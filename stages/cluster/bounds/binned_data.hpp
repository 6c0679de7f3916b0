// Counted bins in coordinates, with bounds of the cost of LUTs of their data.
#pragma once

#include <span>
#include <vector>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// Costs are in coordinates. The spread inside a bin is known only up to a maximum: bins() have
/// spread 0.
class BinnedData {
  public:
    /// Takes ascending, disjoint bins, at least one.
    explicit BinnedData(std::span<const CountedBin> counted);

    [[nodiscard]] std::span<const Bin> bins() const noexcept { return bins_; }
    [[nodiscard]] std::span<const CountedBin> extents() const noexcept { return extents_; }
    [[nodiscard]] const Coordinates& coordinates() const noexcept { return coordinates_; }
    /// Returns the largest rounding error of a mean or an end, in coordinates.
    [[nodiscard]] double rounding() const noexcept { return rounding_; }

    /// Returns an upper bound of a LUT's cost: every bin goes to the centroid nearest to its mean.
    [[nodiscard]] double cost_of(std::span<const double> centroids) const;

    /// Returns at least what one cluster more than `clusters` (2 or more) saves: the average saving
    /// per cluster from half of the LUT's centroids on. The optimum is convex in the number of
    /// clusters.
    [[nodiscard]] double most_saved(std::span<const double> centroids, std::size_t clusters) const;

    /// Return a computed cost plus, or minus, what rounding may have changed. Means are off by
    /// rounding(). The root of a cost is a distance: it changes by no more than the points move.
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
    double spread_ = 0;  // inside all bins, at most
};

}  // namespace pal::cluster
