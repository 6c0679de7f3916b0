// Boundaries of clusters that lie inside bins.
#pragma once

#include <span>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// Moves the means of clusters, whose boundaries lie at edges of bins. They go towards their places
/// if every value belongs to the nearest mean. Takes a few of Lloyd's steps over bins whose values
/// lie evenly: 12 times a bin's spread is its weight times the square of its width.
///
/// Boundaries that err apart from their neighbours', as rounding to edges makes them, settle at
/// once. Those that err together settle slowly, and cost little. bins: ascending, disjoint.
/// clusters: ascending; their weights and means change. O(bins + clusters).
void settle(std::span<const Bin> bins, std::span<Bin> clusters);

}  // namespace pal::cluster
