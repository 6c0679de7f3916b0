// How far a palette is at most from the best one: a lower bound of the optimum, proven from counts
// of the data over bins that are split where the bound is loose.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "stages/cluster/cluster.hpp"
#include "stages/cluster/interval_costs.hpp"

namespace pal::cluster {

/// lower_bound <= cost of the best palette of as many centroids <= cost, in the units of Palette's
/// cost, the roundings of this computation included.
struct Certificate {
    double lower_bound = 0;
    double cost = 0;       // of the palette, rounded up
    double gap = 0;        // (cost - lower_bound) / lower_bound; 0 where cost is 0
    bool reached = false;  // gap <= tolerance
    int rounds = 0;        // recounts of the data
};

/// The points whose keys lie between two splits.
struct CountedBin {
    std::uint64_t count = 0;  // points of positive weight
    Bin bin;  // weight, mean and spread of their coordinates; nothing where count is 0
};

/// Counts the data over bins: given ascending, distinct splits s[0] < ... < s[m - 1], returns m + 1
/// bins; bin b holds the points with s[b - 1] <= key < s[b], the first and the last bin are open.
/// A key is key_of_value() (ordered_key.hpp) of the value in the data's type, widened to 64 bits.
/// Coordinates are Coordinates::of(double(value)). Mean within 8 epsilon of the coordinates in the
/// bin, spread within a relative 1e-12 (sums about a value inside the bin do; raw sums of squares
/// do not). Deterministic. Called once a round, from the thread that called certify.
using Recount = std::function<std::vector<CountedBin>(std::span<const std::uint64_t> splits)>;

/// Certifies ascending centroids as a palette of at most `clusters` centroids. Each round solves
/// the relaxed problem over the bins (relaxed.hpp), O(clusters * bins log bins), and splits the
/// bins that its optimum leaves out, until the gap is at most `tolerance` or nothing is left to
/// split. Real is the data's type.
template <class Real>
[[nodiscard]] Certificate certify(const Recount& recount, std::span<const double> centroids,
                                  std::size_t clusters, const Coordinates& coordinates,
                                  double tolerance);

/// A Recount for points in memory. Sorts them: O(n log n) time and O(n) memory once, O(n) a call.
template <class Real>
[[nodiscard]] Recount recount_in_memory(const WeightedPoints<Real>& points,
                                        const Coordinates& coordinates);

/// The same for points in memory; a few thousand are compared with cluster_exact instead.
template <class Real>
[[nodiscard]] Certificate certify(const WeightedPoints<Real>& points,
                                  std::span<const double> centroids, std::size_t clusters,
                                  double tolerance);

}  // namespace pal::cluster
