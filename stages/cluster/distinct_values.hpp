// Weighted points as sorted distinct values: what the exact engine works on, and every engine where
// there are few.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "stages/cluster/cluster.hpp"
#include "stages/cluster/interval_costs.hpp"

namespace pal::cluster {

template <class Real>
struct DistinctValues {
    std::vector<Real> values;     // ascending; -0 and +0 are one
    std::vector<double> weights;  // > 0
};

/// O(n log n). Points of weight 0 say nothing and are dropped.
template <class Real>
DistinctValues<Real> distinct_values(const WeightedPoints<Real>& points) {
    DistinctValues<Real> distinct;
    const auto add = [&](Real value, double weight) {
        if (!distinct.values.empty() && distinct.values.back() == value) {
            distinct.weights.back() += weight;
        } else {
            distinct.values.push_back(value + Real{0});  // -0 becomes +0
            distinct.weights.push_back(weight);
        }
    };
    if (points.weights.empty()) {
        std::vector<Real> sorted(points.values.begin(), points.values.end());
        std::sort(sorted.begin(), sorted.end());
        for (const Real value : sorted) add(value, 1.0);
        return distinct;
    }
    std::vector<std::size_t> order(points.values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return points.values[a] < points.values[b];
    });
    for (const std::size_t p : order) {
        if (points.weights[p] > 0) add(points.values[p], points.weights[p]);
    }
    return distinct;
}

template <class Real>
std::vector<Bin> bins_of(const DistinctValues<Real>& distinct, const Coordinates& coordinates) {
    std::vector<Bin> bins(distinct.values.size());
    for (std::size_t v = 0; v < bins.size(); ++v) {
        const double x = coordinates.of(static_cast<double>(distinct.values[v]));
        const double weight = distinct.weights[v];
        bins[v] = {weight, weight * x, weight * x * x};
    }
    return bins;
}

/// The palette of few distinct values: the values themselves.
template <class Real>
Palette palette_of_values(const DistinctValues<Real>& distinct) {
    return {{distinct.values.begin(), distinct.values.end()}, 0.0, {}};
}

/// Centroids and cost of a partition of bins. Sums run over the bins of a cluster, not over
/// differences of long prefix sums, so that a cluster of one value has exactly that value.
inline Palette palette_of_partition(const std::vector<Bin>& bins,
                                    const std::vector<std::size_t>& boundaries,
                                    const Coordinates& coordinates) {
    Palette palette;
    for (std::size_t c = 0; c + 1 < boundaries.size(); ++c) {
        Bin total;
        for (std::size_t b = boundaries[c]; b < boundaries[c + 1]; ++b) {
            total.weight += bins[b].weight;
            total.sum += bins[b].sum;
        }
        const double mean = total.sum / total.weight;
        for (std::size_t b = boundaries[c]; b < boundaries[c + 1]; ++b) {
            const Bin& bin = bins[b];
            const double inside = bin.sum_of_squares - bin.sum * bin.sum / bin.weight;
            const double offset = bin.sum / bin.weight - mean;
            palette.cost += std::max(0.0, inside) + bin.weight * offset * offset;
        }
        palette.centroids.push_back(coordinates.back(mean));
    }
    palette.cost = palette.cost / coordinates.unit / coordinates.unit;
    return palette;
}

}  // namespace pal::cluster
