// The fast engine: a good partition of the bins of a histogram. Boundaries fall on bin edges, and
// the cost of this is bounded. If it is too much, the bins are made finer or the values themselves
// are sorted.
#include "stages/cluster/fast.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "stages/cluster/histogram/adaptive_histogram.hpp"
#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/histogram/distinct_values.hpp"
#include "stages/cluster/histogram/even_histogram.hpp"
#include "stages/cluster/histogram/pattern_histogram.hpp"
#include "stages/cluster/partition/good_partition.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/partition/settle.hpp"
#include "stages/cluster/scalar_luts.hpp"
#include "stages/kernels/convert.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using cluster::CountedBin;
using cluster::FloatBlocks;
using cluster::kSortable;

constexpr std::size_t kFineBinsACluster = 256;  // relative loss (bin / cell)^2: 1.5e-5
constexpr std::size_t kFewPoints = 2048;        // sorting these is no slower than binning them
constexpr double kToleratedSpread = 3e-5;       // part of the cost inside bins
constexpr double kToleratedDoubt = 5e-5;        // part of the cost, see doubt_of
constexpr double kToleratedEvenDoubt = 1e-3;    // the same if boundaries settled inside bins

template <class Real>
Lut cluster_sorted(const WeightedPoints<Real>& points, std::size_t max_clusters) {
    return cluster::good_lut(cluster::distinct_values(points), max_clusters);
}

/// Returns the bins with their values spread evenly inside.
std::vector<cluster::Bin> even_bins(const std::vector<CountedBin>& counted,
                                    const cluster::Coordinates& coordinates) {
    std::vector<cluster::Bin> bins(counted.size());
    for (std::size_t b = 0; b < bins.size(); ++b) {
        const double width = (counted[b].high - counted[b].low) * coordinates.unit;
        const bool several = counted[b].weight > 1;
        bins[b] = {counted[b].weight, coordinates.of(counted[b].mean),
                   several ? counted[b].weight * width * width / 12 : 0};
    }
    return bins;
}

/// Returns the largest gain of moving boundaries inside their bins, relative to the cost. 0 if all
/// boundaries fall into gaps. A bin of mass m at distance h from two centroids may belong to
/// either. It moves them by up to m h / (2 M), where M is the cluster's mass, and costs M times the
/// square of that.
double doubt_of(const std::vector<CountedBin>& bins, const std::vector<cluster::Bin>& clusters,
                const cluster::Coordinates& coordinates) {
    double cost = clusters.front().spread;
    double doubt = 0;
    auto bin = bins.begin();
    for (std::size_t c = 1; c < clusters.size(); ++c) {
        cost += clusters[c].spread;
        const double half = (clusters[c].mean - clusters[c - 1].mean) / 2;
        const double middle = coordinates.back(clusters[c - 1].mean + half);
        bin = std::lower_bound(bin, bins.end(), middle, [](const CountedBin& own, double value) {
            return own.high < value;
        });
        if (bin == bins.end() || !(bin->low < middle)) continue;
        const double moment = bin->weight * half / 2;
        doubt += moment * moment * (1 / clusters[c].weight + 1 / clusters[c - 1].weight);
    }
    return doubt == 0 ? 0 : doubt / cost;
}

struct Solved {
    Lut lut;
    double doubt = 0;
};

Solved solve(const cluster::CountedHistogram& histogram, std::size_t max_clusters) {
    const std::vector<CountedBin>& counted = histogram.bins;
    const auto coordinates = cluster::coordinates_for(counted.front().low, counted.back().high);
    const std::vector<cluster::Bin> bins = even_bins(counted, coordinates);
    const auto boundaries = cluster::good_partition(bins, std::min(max_clusters, bins.size()));
    std::vector<cluster::Bin> clusters = cluster::clusters_of(bins, boundaries);
    if (histogram.even) cluster::settle(bins, clusters);
    return {cluster::lut_of_clusters(clusters, coordinates),
            doubt_of(counted, clusters, coordinates)};
}

/// Fallbacks when one-pass bins are too coarse: exact counts, finer bins, then sorting.
std::optional<Lut> cluster_carefully(const FloatBlocks& values, std::size_t max_clusters) {
    if (const auto few = cluster::few_values(values)) return cluster::good_lut(*few, max_clusters);
    const auto finer = cluster::counted_histogram(
        values, std::max<std::size_t>(4 * kFineBinsACluster * max_clusters, 1 << 16), 2);
    if (!finer.finite) return std::nullopt;
    const Solved solved = solve(finer, max_clusters);
    if (solved.doubt <= kToleratedDoubt || values.count > kSortable) return solved.lut;
    return cluster_sorted(WeightedPoints<float>{values.read(0, values.count), {}}, max_clusters);
}

/// Returns the quickest histogram that suits the values.
cluster::CountedHistogram histogram_of(const FloatBlocks& values, DType dtype,
                                       std::size_t max_clusters) {
    if (dtype == DType::kF16 || dtype == DType::kBF16)
        return cluster::pattern_histogram(values, dtype);
    if (auto even = cluster::even_histogram(values, max_clusters)) return std::move(*even);
    return cluster::counted_histogram(values, kFineBinsACluster * max_clusters, 1);
}

template <class Real>
Lut cluster_weighted(const WeightedPoints<Real>& points, DType dtype, std::size_t max_clusters) {
    if (points.values.size() <= kFewPoints) return cluster_sorted(points, max_clusters);
    const cluster::Histogram histogram =
        cluster::adaptive_histogram(points, dtype, kFineBinsACluster * max_clusters);
    // With so few bins there may be few distinct values, which sorting finds exactly.
    if (histogram.bins.size() <= 2 * max_clusters) return cluster_sorted(points, max_clusters);
    const auto clusters =
        cluster::clusters_of(histogram.bins, cluster::good_partition(histogram.bins, max_clusters));
    double cost = 0;
    for (const cluster::Bin& cluster : clusters) cost += cluster.spread;
    const bool bins_fine_enough = histogram.spread_inside_bins <= kToleratedSpread * cost;
    return bins_fine_enough ? cluster::lut_of_clusters(clusters, histogram.coordinates)
                            : cluster_sorted(points, max_clusters);
}

}  // namespace

std::optional<Lut> cluster_fast(const FloatBlocks& values, DType dtype, std::size_t max_clusters) {
    const std::size_t fine_bins = kFineBinsACluster * max_clusters;
    if (values.count <= std::max(kFewPoints, 2 * fine_bins)) {
        const std::span<const float> all = values.read(0, values.count);
        if (!kernels::all_finite(all)) return std::nullopt;
        return cluster_sorted(WeightedPoints<float>{all, {}}, max_clusters);
    }
    const auto histogram = histogram_of(values, dtype, max_clusters);
    if (!histogram.finite) return std::nullopt;
    if (histogram.bins.size() <= 2 * max_clusters) return cluster_carefully(values, max_clusters);
    Solved solved = solve(histogram, max_clusters);
    const double tolerated = histogram.even ? kToleratedEvenDoubt : kToleratedDoubt;
    if (solved.doubt <= tolerated) return std::move(solved.lut);
    return cluster_carefully(values, max_clusters);
}

template <>
Lut cluster_fast(const WeightedPoints<float>& points, DType dtype, std::size_t max_clusters) {
    if (!points.weights.empty()) return cluster_weighted(points, dtype, max_clusters);
    const auto lut = cluster_fast(cluster::blocks_of(points.values), dtype, max_clusters);
    PAL_ASSERT(lut);  // values are finite, as the contract says
    return *lut;
}

template <>
Lut cluster_fast(const WeightedPoints<double>& points, DType dtype, std::size_t max_clusters) {
    return cluster_weighted(points, dtype, max_clusters);
}

}  // namespace pal
