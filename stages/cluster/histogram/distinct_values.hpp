// Sorted distinct values with weights. The exact engine works on them, and so does every engine
// where they are few.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/partition/interval_costs.hpp"
#include "stages/cluster/types/points.hpp"

namespace pal::cluster {

/// Most points that are sorted where bins are too coarse: 16 MiB of floats.
inline constexpr std::size_t kSortable = std::size_t{1} << 22;

template <class Real>
struct DistinctValues {
    std::vector<Real> values;     // ascending; -0 and +0 are one
    std::vector<double> weights;  // > 0
};

/// Sorts the points: O(n log n). Drops points of weight 0.
template <class Real>
[[nodiscard]] DistinctValues<Real> distinct_values(const WeightedPoints<Real>& points);

/// Counts the distinct values where there are at most 16384; returns nothing where there are more.
/// Finite values. At most one pass, with a hash table per thread.
[[nodiscard]] std::optional<DistinctValues<float>> few_values(const FloatBlocks& values);

/// One bin per value, in coordinates.
template <class Real>
[[nodiscard]] std::vector<Bin> bins_of(const DistinctValues<Real>& distinct,
                                       const Coordinates& coordinates);
/// One counted bin per value.
template <class Real>
[[nodiscard]] std::vector<CountedBin> counted_bins(const DistinctValues<Real>& distinct);

}  // namespace pal::cluster
