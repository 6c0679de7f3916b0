// Weighted points as sorted distinct values: what the exact engine works on, and every engine where
// there are few.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/partition/good_partition.hpp"
#include "stages/cluster/partition/interval_costs.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/kernels/sort.hpp"

namespace pal::cluster {

/// So many points are sorted where bins do not do; of floats, 16 MiB.
inline constexpr std::size_t kSortable = std::size_t{1} << 22;

template <class Real>
struct DistinctValues {
    std::vector<Real> values;     // ascending; -0 and +0 are one
    std::vector<double> weights;  // > 0
};

/// Of values that are sorted.
template <class Real>
DistinctValues<Real> distinct_of_sorted(std::vector<Real> sorted) {
    DistinctValues<Real> distinct;
    distinct.weights.resize(sorted.size());
    std::size_t count = 0;
    for (const Real value : sorted) {
        if (count > 0 && sorted[count - 1] == value) {
            ++distinct.weights[count - 1];
        } else {
            sorted[count] = value + Real{0};  // -0 becomes +0
            distinct.weights[count++] = 1;
        }
    }
    sorted.resize(count);
    distinct.weights.resize(count);
    distinct.values = std::move(sorted);
    return distinct;
}

/// O(n log n). Points of weight 0 say nothing and are dropped.
template <class Real>
DistinctValues<Real> distinct_values(const WeightedPoints<Real>& points) {
    if (points.weights.empty()) {
        std::vector<Real> sorted(points.values.begin(), points.values.end());
        kernels::sort_ascending(sorted);
        return distinct_of_sorted(std::move(sorted));
    }
    DistinctValues<Real> distinct;
    std::vector<std::size_t> order(points.values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return points.values[a] < points.values[b];
    });
    for (const std::size_t p : order) {
        const Real value = points.values[p];
        const double weight = points.weights[p];
        if (!(weight > 0)) continue;
        if (!distinct.values.empty() && distinct.values.back() == value) {
            distinct.weights.back() += weight;
        } else {
            distinct.values.push_back(value + Real{0});  // -0 becomes +0
            distinct.weights.push_back(weight);
        }
    }
    return distinct;
}

template <class Real>
std::vector<Bin> bins_of(const DistinctValues<Real>& distinct, const Coordinates& coordinates) {
    std::vector<Bin> bins(distinct.values.size());
    for (std::size_t v = 0; v < bins.size(); ++v) {
        bins[v] = {distinct.weights[v], coordinates.of(static_cast<double>(distinct.values[v])), 0};
    }
    return bins;
}

/// The same as bins of one value each.
template <class Real>
std::vector<CountedBin> counted_bins(const DistinctValues<Real>& distinct) {
    std::vector<CountedBin> bins;
    bins.reserve(distinct.values.size());
    for (std::size_t v = 0; v < distinct.values.size(); ++v) {
        const auto value = static_cast<double>(distinct.values[v]);
        bins.push_back({distinct.weights[v], value, value, value});
    }
    return bins;
}

/// The LUT of few distinct values: the values themselves.
template <class Real>
Lut lut_of_values(const DistinctValues<Real>& distinct) {
    return {{distinct.values.begin(), distinct.values.end()}, 0.0, {}};
}

inline Lut lut_of_clusters(std::span<const Bin> clusters, const Coordinates& coordinates) {
    Lut lut;
    lut.centroids.reserve(clusters.size());
    for (const Bin& cluster : clusters) {
        lut.centroids.push_back(coordinates.back(cluster.mean));
        lut.cost += cluster.spread / coordinates.unit / coordinates.unit;
    }
    return lut;
}

/// Centroids and cost of a partition of bins.
inline Lut lut_of_partition(std::span<const Bin> bins, const std::vector<std::size_t>& boundaries,
                            const Coordinates& coordinates) {
    return lut_of_clusters(clusters_of(bins, boundaries), coordinates);
}

/// A good partition of the values, or they themselves where they are few.
template <class Real>
Lut good_lut(const DistinctValues<Real>& distinct, std::size_t max_clusters) {
    if (distinct.values.size() <= max_clusters) return lut_of_values(distinct);
    const auto coordinates = coordinates_for(distinct.values.front(), distinct.values.back());
    const auto bins = bins_of(distinct, coordinates);
    return lut_of_partition(bins, good_partition(bins, max_clusters), coordinates);
}

}  // namespace pal::cluster
