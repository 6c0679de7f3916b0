// The fast engine: dynamic programming over the bins of an adaptive histogram, coarse to fine. A
// palette's boundaries fall on bin edges; what that costs is bounded in practice by the spread
// inside the bins, and where that is too large the values are sorted instead.
#include <cmath>

#include "stages/cluster/adaptive_histogram.hpp"
#include "stages/cluster/cluster.hpp"
#include "stages/cluster/distinct_values.hpp"
#include "stages/cluster/partition.hpp"

namespace pal {

namespace {

constexpr std::size_t kFineBinsACluster = 256;  // (bin / cell)^2 is the relative loss: 1.5e-5
constexpr std::size_t kCoarseBinsACluster = 24;
constexpr std::size_t kFewestCoarseBins = 512;
constexpr std::size_t kFewPoints =
    2048;  // sorting is no slower than two passes over 65536 leading bins
constexpr double kToleratedSpread = 3e-5;  // of the palette's cost, inside bins

/// Cut positions that share out the cube root of the density evenly.
std::vector<std::size_t> coarse_cuts(const std::vector<cluster::Bin>& bins, std::size_t intervals) {
    std::vector<double> measure(bins.size());
    double total = 0;
    for (std::size_t b = 0; b < bins.size(); ++b) {
        const double width =
            bins[std::min(b + 1, bins.size() - 1)].mean - bins[b == 0 ? 0 : b - 1].mean;
        measure[b] = std::cbrt(bins[b].weight * width * width);
        total += measure[b];
    }
    // A bin takes one interval at most: what an outlier's share exceeds that by goes to the others.
    double most = total;
    for (int round = 0; round < 8; ++round) {
        most = total / static_cast<double>(intervals);
        total = 0;
        for (const double m : measure) total += std::min(m, most);
    }
    for (double& m : measure) m = std::min(m, most);
    std::vector<std::size_t> cuts{0};
    double sum = 0;
    for (std::size_t b = 0; b < bins.size(); ++b) {
        sum += measure[b];
        const double due =
            total * static_cast<double>(cuts.size()) / static_cast<double>(intervals);
        if (sum >= due && b + 1 < bins.size()) cuts.push_back(b + 1);
    }
    cuts.push_back(bins.size());
    return cuts;
}

std::vector<std::size_t> good_partition(const std::vector<cluster::Bin>& bins,
                                        std::size_t clusters) {
    const std::size_t intervals = std::max(kCoarseBinsACluster * clusters, kFewestCoarseBins);
    if (bins.size() <= 2 * intervals)
        return cluster::optimal_partition(bins, std::min(clusters, bins.size()));
    const std::vector<std::size_t> cuts = coarse_cuts(bins, intervals);
    return cuts.size() > 2 * clusters ? cluster::windowed_partition(bins, cuts, clusters)
                                      : cluster::optimal_partition(bins, clusters);
}

template <class Real>
Palette cluster_sorted(const WeightedPoints<Real>& points, std::size_t max_clusters) {
    const auto distinct = cluster::distinct_values(points);
    if (distinct.values.size() <= max_clusters) return cluster::palette_of_values(distinct);
    const auto coordinates =
        cluster::coordinates_for(distinct.values.front(), distinct.values.back());
    const auto bins = cluster::bins_of(distinct, coordinates);
    return cluster::palette_of_partition(bins, good_partition(bins, max_clusters), coordinates);
}

}  // namespace

template <class Real>
Palette cluster_fast(const WeightedPoints<Real>& points, DType dtype, std::size_t max_clusters) {
    if (points.values.size() <= kFewPoints) return cluster_sorted(points, max_clusters);
    const cluster::Histogram histogram =
        cluster::adaptive_histogram(points, dtype, kFineBinsACluster * max_clusters);
    // As many bins as clusters or fewer: there may be few values, and those deserve to be met
    // exactly.
    if (histogram.bins.size() <= 2 * max_clusters) return cluster_sorted(points, max_clusters);
    const auto boundaries = good_partition(histogram.bins, max_clusters);
    double cost = 0;
    for (const auto& cluster : cluster::clusters_of(histogram.bins, boundaries))
        cost += cluster.spread;
    const bool bins_fine_enough = histogram.spread_inside_bins <= kToleratedSpread * cost;
    return bins_fine_enough
               ? cluster::palette_of_partition(histogram.bins, boundaries, histogram.coordinates)
               : cluster_sorted(points, max_clusters);
}

template Palette cluster_fast<float>(const WeightedPoints<float>&, DType, std::size_t);
template Palette cluster_fast<double>(const WeightedPoints<double>&, DType, std::size_t);

}  // namespace pal
