#include "stages/cluster/quick_palettes.hpp"

#include <algorithm>
#include <cmath>

#include "stages/cluster/adaptive_histogram.hpp"
#include "stages/cluster/counted_histogram.hpp"
#include "stages/cluster/distinct_values.hpp"
#include "stages/cluster/even_histogram.hpp"
#include "stages/cluster/few_values.hpp"
#include "stages/cluster/partition.hpp"
#include "stages/cluster/pattern_histogram.hpp"
#include "stages/kernels/convert.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kBins = 4096;           // asked for: 16 a cluster of 256
constexpr std::size_t kFewBins = 1024;        // less may be few values, which are met exactly
constexpr std::size_t kFewPoints = 8192;      // sorting them is as quick as binning them
constexpr std::size_t kFinerBins = 1 << 16;   // where values lie too unevenly for kBins
constexpr std::size_t kWellPartitioned = 16;  // clusters
constexpr std::size_t kFewBinsACluster = 8;   // density says little about where they are
constexpr std::size_t kMergedBinsACluster = 4;
constexpr std::size_t kFewestMergedBins = 256;
constexpr int kLloydIterations = 12;

template <class Real>
BinnedPoints of_distinct(const DistinctValues<Real>& distinct) {
    const auto coordinates = coordinates_for(distinct.values.front(), distinct.values.back());
    return {coordinates, bins_of(distinct, coordinates)};
}

BinnedPoints of_counted(const std::vector<CountedBin>& counted) {
    BinnedPoints points{coordinates_for(counted.front().low, counted.back().high), {}};
    points.bins.reserve(counted.size());
    for (const CountedBin& bin : counted) {
        // Spread evenly between its ends.
        const double width = (bin.high - bin.low) * points.coordinates.unit;
        points.bins.push_back({bin.weight, points.coordinates.of(bin.mean),
                               bin.weight > 1 ? bin.weight * width * width / 12 : 0});
    }
    return points;
}

/// Sums in front of each bin.
struct Sums {
    std::vector<double> weight;
    std::vector<double> moment;

    explicit Sums(std::span<const Bin> bins) : weight(bins.size() + 1), moment(bins.size() + 1) {
        for (std::size_t b = 0; b < bins.size(); ++b) {
            weight[b + 1] = weight[b] + bins[b].weight;
            moment[b + 1] = moment[b] + bins[b].weight * bins[b].mean;
        }
    }
};

/// Moves boundaries so that each of the k intervals has a bin, in order.
void separate(std::vector<std::size_t>& boundaries, std::size_t bins) {
    const std::size_t k = boundaries.size() - 1;
    for (std::size_t c = 1; c < k; ++c)
        boundaries[c] = std::clamp(boundaries[c], boundaries[c - 1] + 1, bins - (k - c));
}

/// Of the cube root of the density, in front of each bin.
std::vector<double> cube_roots(std::span<const Bin> bins) {
    std::vector<double> reached(bins.size() + 1);
    for (std::size_t b = 0; b < bins.size(); ++b) {
        const double before = bins[b > 0 ? b - 1 : b].mean;
        const double behind = bins[b + 1 < bins.size() ? b + 1 : b].mean;
        const double width = (behind - before) / (b > 0 && b + 1 < bins.size() ? 2 : 1);
        reached[b + 1] = reached[b] + std::cbrt(bins[b].weight * width * width);
    }
    return reached;
}

/// Boundaries of `count` intervals, each with as much of it.
std::vector<std::size_t> companded(std::span<const double> reached, std::size_t count) {
    std::vector<std::size_t> boundaries(count + 1);
    std::size_t boundary = 0;
    for (std::size_t c = 1; c < count; ++c) {
        const double wanted = reached.back() * static_cast<double>(c) / static_cast<double>(count);
        while (reached[boundary] < wanted) ++boundary;
        boundaries[c] = boundary;
    }
    boundaries[count] = reached.size() - 1;
    separate(boundaries, reached.size() - 1);
    return boundaries;
}

std::vector<double> means_of(const Sums& sums, const std::vector<std::size_t>& boundaries) {
    std::vector<double> means(boundaries.size() - 1);
    for (std::size_t c = 0; c < means.size(); ++c) {
        means[c] = (sums.moment[boundaries[c + 1]] - sums.moment[boundaries[c]]) /
                   (sums.weight[boundaries[c + 1]] - sums.weight[boundaries[c]]);
    }
    return means;
}

/// The place of a boundary: the first bin beyond `middle`, looked for from where it was.
std::size_t boundary_at(std::span<const Bin> bins, double middle, std::size_t before) {
    std::size_t boundary = std::min(before, bins.size() - 1);
    while (boundary > 0 && bins[boundary - 1].mean >= middle) --boundary;
    while (boundary < bins.size() && bins[boundary].mean < middle) ++boundary;
    return boundary;
}

/// Lloyd's iteration over single bins.
void lloyd_over_bins(std::span<const Bin> bins, const Sums& sums,
                     std::vector<std::size_t>& boundaries) {
    for (int iteration = 0; iteration < kLloydIterations; ++iteration) {
        const std::vector<double> means = means_of(sums, boundaries);
        const std::vector<std::size_t> before = boundaries;
        for (std::size_t c = 1; c + 1 < boundaries.size(); ++c) {
            const double middle = means[c - 1] + (means[c] - means[c - 1]) / 2;
            boundaries[c] = boundary_at(bins, middle, before[c]);
        }
        separate(boundaries, bins.size());
        if (boundaries == before) return;
    }
}

/// Neighbouring bins as one, `count` of them.
struct Merged {
    std::vector<std::size_t> begins;  // [merged], and the end of all
    std::vector<Bin> bins;
};

Merged merged_bins(std::span<const Bin> bins, std::span<const double> reached, std::size_t count) {
    Merged merged{companded(reached, std::min(count, bins.size())), {}};
    for (std::size_t m = 0; m + 1 < merged.begins.size(); ++m) {
        Bin all = bins[merged.begins[m]];
        for (std::size_t b = merged.begins[m] + 1; b < merged.begins[m + 1]; ++b)
            all = cluster::merged(all, bins[b]);
        merged.bins.push_back(all);
    }
    return merged;
}

}  // namespace

std::optional<BinnedPoints> binned_points(const FloatBlocks& values, DType dtype) {
    if (values.count <= kFewPoints) {
        const std::span<const float> all = values.read(0, values.count);
        if (!kernels::all_finite(all)) return std::nullopt;
        return of_distinct(distinct_values(WeightedPoints<float>{all, {}}));
    }
    if (dtype == DType::kF16 || dtype == DType::kBF16) {
        const CountedHistogram patterns = pattern_histogram(values, dtype);
        if (!patterns.finite) return std::nullopt;
        return of_counted(patterns.bins);
    }
    const auto even = even_histogram(values, kWellPartitioned);
    const CountedHistogram histogram = even ? *even : counted_histogram(values, kBins, 1);
    if (!histogram.finite) return std::nullopt;
    if (histogram.bins.size() >= kFewBins) return of_counted(histogram.bins);
    if (const auto few = few_values(values)) return of_distinct(*few);
    return of_counted(counted_histogram(values, kFinerBins, 2).bins);
}

template <class Real>
BinnedPoints binned_points(const WeightedPoints<Real>& points, DType dtype) {
    if (points.values.size() > kFewPoints) {
        Histogram histogram = adaptive_histogram(points, dtype, kBins);
        if (histogram.bins.size() >= kFewBins)
            return {histogram.coordinates, std::move(histogram.bins)};
    }
    return of_distinct(distinct_values(points));
}

template BinnedPoints binned_points<float>(const WeightedPoints<float>&, DType);
template BinnedPoints binned_points<double>(const WeightedPoints<double>&, DType);

std::vector<std::vector<double>> quick_palettes(const BinnedPoints& points,
                                                std::span<const std::size_t> sizes) {
    const std::span<const Bin> bins = points.bins;
    const std::vector<double> reached = cube_roots(bins);
    const Sums sums(bins);
    std::vector<std::vector<double>> palettes;
    for (const std::size_t k : sizes) {
        std::vector<double>& centroids = palettes.emplace_back();
        if (bins.size() <= k) {
            for (const Bin& bin : bins) centroids.push_back(points.coordinates.back(bin.mean));
            continue;
        }
        const Merged merged =
            merged_bins(bins, reached, std::max(kFewestMergedBins, kMergedBinsACluster * k));
        std::vector<std::size_t> boundaries;
        for (const std::size_t boundary : good_partition(merged.bins, k))
            boundaries.push_back(merged.begins[boundary]);
        lloyd_over_bins(bins, sums, boundaries);
        // To full precision: prefix sums are good enough for boundaries only.
        for (const Bin& cluster : clusters_of(bins, boundaries))
            centroids.push_back(points.coordinates.back(cluster.mean));
    }
    return palettes;
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
