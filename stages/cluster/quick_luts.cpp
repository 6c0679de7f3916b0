#include "stages/cluster/quick_luts.hpp"

#include <algorithm>
#include <cmath>

#include "stages/cluster/histogram/adaptive_histogram.hpp"
#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/histogram/distinct_values.hpp"
#include "stages/cluster/histogram/even_histogram.hpp"
#include "stages/cluster/histogram/pattern_histogram.hpp"
#include "stages/cluster/partition/cuts.hpp"
#include "stages/cluster/partition/good_partition.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/partition/prefix_sums.hpp"
#include "stages/kernels/convert.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kBins = 4096;          // 16 bins a cluster of 256
constexpr std::size_t kFinerBins = 1 << 16;  // if values lie too unevenly for kBins
constexpr std::size_t kFewForQuick = 8192;   // sorting these is as quick as binning them
constexpr std::size_t kEvenBinsFor = 16;     // clusters: some 4096 bins as well
constexpr std::size_t kMostClusters = 256;
constexpr double kToleratedInside = 0.05;  // part of the cost inside bins, at kMostClusters
constexpr std::size_t kMergedBinsACluster = 4;
constexpr std::size_t kFewestMergedBins = 256;
constexpr int kLloydIterations = 12;

template <class Real>
BinnedPoints of_distinct(const DistinctValues<Real>& distinct) {
    if (distinct.values.empty()) return {};  // all weights are 0
    const auto coordinates = coordinates_for(distinct.values.front(), distinct.values.back());
    return {coordinates, bins_of(distinct, coordinates)};
}

BinnedPoints of_counted(const std::vector<CountedBin>& counted) {
    BinnedPoints points{coordinates_for(counted.front().low, counted.back().high), {}};
    points.bins.reserve(counted.size());
    for (const CountedBin& bin : counted) {
        // Values lie evenly between the bin's ends.
        const double width = (bin.high - bin.low) * points.coordinates.unit;
        points.bins.push_back({bin.weight, points.coordinates.of(bin.mean),
                               bin.weight > 1 ? bin.weight * width * width / 12 : 0});
    }
    return points;
}

/// Moves boundaries so that each of the k intervals has a bin.
void separate(std::vector<std::size_t>& boundaries, std::size_t bins) {
    const std::size_t k = boundaries.size() - 1;
    for (std::size_t c = 1; c < k; ++c)
        boundaries[c] = std::clamp(boundaries[c], boundaries[c - 1] + 1, bins - (k - c));
}

std::vector<double> means_of(const PrefixSums& prefix, const std::vector<std::size_t>& boundaries) {
    std::vector<double> means(boundaries.size() - 1);
    for (std::size_t c = 0; c < means.size(); ++c) {
        const std::size_t begin = boundaries[c];
        const std::size_t end = boundaries[c + 1];
        means[c] = (prefix.sums()[end] - prefix.sums()[begin]) /
                   (prefix.weights()[end] - prefix.weights()[begin]);
    }
    return means;
}

/// Returns the first bin beyond `middle`. Searches from the boundary's last place.
std::size_t boundary_at(std::span<const Bin> bins, double middle, std::size_t before) {
    std::size_t boundary = std::min(before, bins.size() - 1);
    while (boundary > 0 && bins[boundary - 1].mean >= middle) --boundary;
    while (boundary < bins.size() && bins[boundary].mean < middle) ++boundary;
    return boundary;
}

/// Runs Lloyd's iteration over single bins.
void lloyd_over_bins(std::span<const Bin> bins, const PrefixSums& prefix,
                     std::vector<std::size_t>& boundaries) {
    for (int iteration = 0; iteration < kLloydIterations; ++iteration) {
        const std::vector<double> means = means_of(prefix, boundaries);
        const std::vector<std::size_t> before = boundaries;
        for (std::size_t c = 1; c + 1 < boundaries.size(); ++c) {
            const double middle = means[c - 1] + (means[c] - means[c - 1]) / 2;
            boundaries[c] = boundary_at(bins, middle, before[c]);
        }
        separate(boundaries, bins.size());
        if (boundaries == before) return;
    }
}

/// Joins the bins between neighbouring cuts.
std::vector<Bin> merged_bins(std::span<const Bin> bins, std::span<const std::uint32_t> cuts) {
    std::vector<Bin> result;
    result.reserve(cuts.size() - 1);
    for (std::size_t c = 0; c + 1 < cuts.size(); ++c) {
        Bin all = bins[cuts[c]];
        for (std::size_t b = cuts[c] + 1; b < cuts[c + 1]; ++b) all = merged(all, bins[b]);
        result.push_back(all);
    }
    return result;
}

/// Partitions the same bins into several numbers of clusters.
class Partitioner {
  public:
    explicit Partitioner(std::span<const Bin> bins) : bins_(bins) { prefix_.build(bins, 0); }

    /// Returns k + 1 boundaries, k < bins.
    std::vector<std::size_t> partition(std::size_t k) {
        const std::size_t intervals = std::max(kFewestMergedBins, kMergedBinsACluster * k);
        if (bins_.size() > 2 * intervals) {
            placer_.place(bins_, prefix_, intervals, cuts_);
            (void)placer_.place_at_clumps(k, 2 * intervals, cuts_);
        }
        if (bins_.size() <= 2 * intervals || cuts_.size() <= 2 * k) return good_partition(bins_, k);
        std::vector<std::size_t> boundaries;
        boundaries.reserve(k + 1);
        for (const std::size_t boundary : good_partition(merged_bins(bins_, cuts_), k))
            boundaries.push_back(cuts_[boundary]);
        lloyd_over_bins(bins_, prefix_, boundaries);
        return boundaries;
    }

    /// Returns whether the spread inside bins is little beside the cost of the largest LUTs.
    bool is_fine() {
        placer_.place(bins_, prefix_, kMostClusters, cuts_);
        double inside = 0;
        double cost = 0;
        for (const Bin& bin : bins_) inside += bin.spread;
        for (const Bin& cluster : merged_bins(bins_, cuts_)) cost += cluster.spread;
        return inside <= kToleratedInside * cost;
    }

  private:
    std::span<const Bin> bins_;
    PrefixSums prefix_;
    CutPlacer placer_;
    std::vector<std::uint32_t> cuts_;
};

bool is_fine(const BinnedPoints& points) {
    return points.bins.size() > 2 * kMostClusters && Partitioner(points.bins).is_fine();
}

}  // namespace

std::optional<BinnedPoints> binned_points(const FloatBlocks& values, DType dtype) {
    if (values.count <= kFewForQuick) {
        const std::span<const float> all = values.read(0, values.count);
        if (!kernels::all_finite(all)) return std::nullopt;
        return of_distinct(distinct_values(WeightedPoints<float>{all, {}}));
    }
    if (dtype == DType::kF16 || dtype == DType::kBF16) {
        const CountedHistogram patterns = pattern_histogram(values, dtype);
        if (!patterns.finite) return std::nullopt;
        return of_counted(patterns.bins);
    }
    const auto even = even_histogram(values, kEvenBinsFor);
    const CountedHistogram histogram = even ? *even : counted_histogram(values, kBins, 1);
    if (!histogram.finite) return std::nullopt;
    BinnedPoints points = of_counted(histogram.bins);
    if (is_fine(points)) return points;
    if (const auto few = few_values(values)) return of_distinct(*few);
    points = of_counted(counted_histogram(values, kFinerBins, 2).bins);
    if (values.count > kSortable || is_fine(points)) return points;
    return of_distinct(distinct_values(WeightedPoints<float>{values.read(0, values.count), {}}));
}

template <class Real>
BinnedPoints binned_points(const WeightedPoints<Real>& points, DType dtype) {
    for (const std::size_t bins : {kBins, kFinerBins}) {
        if (points.values.size() <= kFewForQuick) break;
        Histogram histogram = adaptive_histogram(points, dtype, bins);
        BinnedPoints binned{histogram.coordinates, std::move(histogram.bins)};
        if (is_fine(binned)) return binned;
    }
    return of_distinct(distinct_values(points));
}

template BinnedPoints binned_points<float>(const WeightedPoints<float>&, DType);
template BinnedPoints binned_points<double>(const WeightedPoints<double>&, DType);

std::vector<std::vector<double>> quick_luts(const BinnedPoints& points,
                                            std::span<const std::size_t> sizes) {
    const std::span<const Bin> bins = points.bins;
    Partitioner partitioner(bins);
    std::vector<std::vector<double>> luts;
    luts.reserve(sizes.size());
    for (const std::size_t k : sizes) {
        std::vector<double>& centroids = luts.emplace_back();
        if (bins.size() <= k) {
            for (const Bin& bin : bins) centroids.push_back(points.coordinates.back(bin.mean));
            continue;
        }
        // Full precision: prefix sums are good enough for boundaries only.
        for (const Bin& cluster : clusters_of(bins, partitioner.partition(k)))
            centroids.push_back(points.coordinates.back(cluster.mean));
    }
    return luts;
}

double cost_of(const BinnedPoints& points, std::span<const double> entries) {
    const Coordinates& coordinates = points.coordinates;
    std::vector<double> places(entries.size());
    std::transform(entries.begin(), entries.end(), places.begin(),
                   [&](double entry) { return coordinates.of(entry); });
    double cost = 0;
    std::size_t nearest = 0;
    for (const Bin& bin : points.bins) {
        double distance = std::abs(bin.mean - places[nearest]);
        while (nearest + 1 < places.size()) {
            const double next = std::abs(bin.mean - places[nearest + 1]);
            if (next > distance) break;
            distance = next;
            ++nearest;
        }
        cost += bin.weight * distance * distance + bin.spread;
    }
    return cost / coordinates.unit / coordinates.unit;
}

double energy_of(const BinnedPoints& points) {
    double energy = 0;
    for (const Bin& bin : points.bins) {
        const double value = points.coordinates.back(bin.mean);
        energy += bin.weight * value * value +
                  bin.spread / points.coordinates.unit / points.coordinates.unit;
    }
    return energy;
}

}  // namespace pal::cluster
