// The reference engine: follows coreai_opt's scalar path step by step to meet its indices.
// Rounding, unshifted prefix sums and SMAWK with its ties are upstream's, see docs/semantics.md.
#include "stages/cluster/reference.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "stages/cluster/partition/partition.hpp"
#include "stages/tensor/unit.hpp"

namespace pal {

namespace {

constexpr double kLargestHalf = 65504;

/// Rounds to f16, then to `decimals` decimals in float32 arithmetic, half to even: numpy's round(x
/// * scale) / scale.
float rounded_like_upstream(double value, int decimals) {
    const float half = half_to_float(double_to_half(value));
    const auto scale = static_cast<float>(std::pow(10.0, decimals));
    const float product = half * scale;
    return std::nearbyint(product) / scale;
}

constexpr std::uint32_t kLeftOut = std::numeric_limits<std::uint32_t>::max();

struct SortedPoints {
    std::vector<double> values;  // ascending
    std::vector<double> weights;
    std::vector<std::uint32_t> position_of;  // [point] its position among the sorted, or kLeftOut
};

/// Sorts the points and merges equal values as np.unique does. Leaves out points of weight 0.
SortedPoints sorted_points(const std::vector<double>& values, std::span<const double> weights) {
    std::vector<std::uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
    SortedPoints sorted;
    sorted.position_of.assign(values.size(), kLeftOut);
    for (const std::uint32_t point : order) {
        const double weight = weights.empty() ? 1.0 : weights[point];
        if (!(weight > 0)) continue;
        if (!sorted.values.empty() && sorted.values.back() == values[point]) {
            sorted.weights.back() += weight;
        } else {
            sorted.values.push_back(values[point]);
            sorted.weights.push_back(weight);
        }
        sorted.position_of[point] = static_cast<std::uint32_t>(sorted.values.size() - 1);
    }
    return sorted;
}

class UpstreamCosts {
  public:
    explicit UpstreamCosts(const SortedPoints& points)
        : weight_(points.values.size() + 1), sum_(weight_), squares_(weight_) {
        for (std::size_t p = 0; p < points.values.size(); ++p) {
            const double weighted = points.weights[p] * points.values[p];
            weight_[p + 1] = points.weights[p] + weight_[p];
            sum_[p + 1] = weighted + sum_[p];
            squares_[p + 1] = weighted * points.values[p] + squares_[p];
        }
    }

    /// Returns the cost of points first .. last, both included; 0 if there are none.
    [[nodiscard]] double operator()(std::size_t first, std::size_t last) const {
        if (last < first) return 0;
        const double weight = weight_[last + 1] - weight_[first];
        const double sum = sum_[last + 1] - sum_[first];
        if (!(weight > 0)) return 0;
        const double mean = sum / weight;
        double cost = squares_[last + 1] - squares_[first];
        cost += weight * (mean * mean);
        cost -= (2 * mean) * sum;
        return cost;
    }

  private:
    std::vector<double> weight_;
    std::vector<double> sum_;
    std::vector<double> squares_;
};

using Positions = std::vector<std::uint32_t>;
using Lookup = std::function<double(std::uint32_t row, std::uint32_t column)>;

/// Returns the columns that can hold a row's minimum, at most as many as rows. A new column
/// displaces the last one only if it is smaller.
Positions reduce(const Positions& rows, const Positions& columns, const Lookup& lookup) {
    Positions kept;
    for (const std::uint32_t column : columns) {
        while (!kept.empty()) {
            const std::uint32_t row = rows[kept.size() - 1];
            if (lookup(row, column) >= lookup(row, kept.back())) break;
            kept.pop_back();
        }
        if (kept.size() < rows.size()) kept.push_back(column);
    }
    return kept;
}

/// Finds the row minima of a totally monotone matrix (Aggarwal, Klawe, Moran, Shor and Wilber
/// 1987).
void smawk(const Positions& rows, const Positions& columns, const Lookup& lookup,
           Positions& minima) {
    if (rows.empty()) return;
    const Positions kept = reduce(rows, columns, lookup);
    Positions odd_rows;
    for (std::size_t r = 1; r < rows.size(); r += 2) odd_rows.push_back(rows[r]);
    smawk(odd_rows, kept, lookup, minima);

    std::size_t start = 0;
    for (std::size_t r = 0; r < rows.size(); r += 2) {
        std::size_t stop = kept.size() - 1;
        if (r + 1 < rows.size()) {
            stop = start;
            while (kept[stop] != minima[rows[r + 1]]) ++stop;
        }
        std::uint32_t best = kept[start];
        double least = lookup(rows[r], best);
        for (std::size_t c = start + 1; c <= stop; ++c) {
            const double value = lookup(rows[r], kept[c]);
            if (value < least) {
                best = kept[c];
                least = value;
            }
        }
        minima[rows[r]] = best;
        start = stop;
    }
}

/// Returns the mean of points first .. end - 1, added up as upstream does. one_by_one: equal values
/// are added one after the other, since upstream has not merged them.
double upstream_mean(const SortedPoints& points, std::size_t first, std::size_t end,
                     bool one_by_one) {
    double mean = 0;
    double weight = 0;
    for (std::size_t p = first; p < end; ++p) {
        const double step = one_by_one ? 1 : points.weights[p];
        for (double added = 0; added < points.weights[p]; added += step) {
            weight += step;
            mean += (points.values[p] - mean) * step / weight;
        }
    }
    return mean;
}

/// Returns k + 1 boundaries. They do not ascend where rounding has misled the costs.
Positions upstream_partition(const SortedPoints& points, std::size_t k) {
    const UpstreamCosts costs(points);
    const auto count = static_cast<std::uint32_t>(points.values.size());
    Positions all(count);
    std::iota(all.begin(), all.end(), 0U);
    std::vector<double> previous(count);
    std::vector<double> current(count);
    std::vector<Positions> first(k, Positions(count, 0));
    for (std::uint32_t i = 0; i < count; ++i) current[i] = costs(0, i);
    for (std::size_t c = 1; c < k; ++c) {
        previous.swap(current);
        // Column 0 leaves no points to the clusters before. Upstream's unsigned j - 1 then means
        // "all points up to i".
        const Lookup lookup = [&](std::uint32_t i, std::uint32_t j) {
            const std::uint32_t before = j == 0 ? i : std::min(i, j - 1);
            return previous[before] + costs(j, i);
        };
        smawk(all, all, lookup, first[c]);
        for (std::uint32_t i = 0; i < count; ++i) current[i] = lookup(i, first[c][i]);
    }
    Positions boundaries(k + 1, 0);
    boundaries[k] = count;
    for (std::size_t c = k; c-- > 0 && boundaries[c + 1] > 0;)
        boundaries[c] = first[c][boundaries[c + 1] - 1];
    return boundaries;
}

struct Clusters {
    std::vector<double> centroids;  // ascending
    Positions boundaries;           // one more than centroids
};

bool is_finite_and_ascending(const std::vector<double>& centroids) {
    return std::ranges::all_of(centroids, [](double c) { return std::isfinite(c); }) &&
           std::ranges::is_sorted(centroids);
}

/// Clusters as upstream does. Returns no centroids where its arithmetic finds no partition.
Clusters upstream_clusters(const SortedPoints& points, std::size_t k, bool one_by_one) {
    Clusters clusters{{}, upstream_partition(points, k)};
    const Positions& boundaries = clusters.boundaries;
    if (std::ranges::adjacent_find(boundaries, std::greater_equal<>()) != boundaries.end())
        return {};
    for (std::size_t c = 0; c < k; ++c)
        clusters.centroids.push_back(
            upstream_mean(points, boundaries[c], boundaries[c + 1], one_by_one));
    return is_finite_and_ascending(clusters.centroids) ? clusters : Clusters{};
}

/// Returns the optimum, in arithmetic that any finite values and weights allow.
Clusters best_clusters(const SortedPoints& points, std::size_t k) {
    const auto coordinates = cluster::coordinates_for(points.values.front(), points.values.back());
    std::vector<cluster::Bin> bins(points.values.size());
    for (std::size_t p = 0; p < bins.size(); ++p)
        bins[p] = {points.weights[p], coordinates.of(points.values[p]), 0};
    const auto boundaries = cluster::optimal_partition(bins, k);
    Clusters clusters{{}, {boundaries.begin(), boundaries.end()}};
    for (const cluster::Bin& own : cluster::clusters_of(bins, boundaries))
        clusters.centroids.push_back(coordinates.back(own.mean));
    return clusters;
}

std::uint8_t nearest_of(const std::vector<double>& centroids, double value) {
    const auto distance = [value](double centroid) { return std::abs(centroid - value); };
    return static_cast<std::uint8_t>(std::ranges::min_element(centroids, {}, distance) -
                                     centroids.begin());
}

template <class Real>
double largest_of(std::span<const Real> values) {
    double largest = 0;
    for (const Real value : values)
        largest = std::max(largest, std::abs(static_cast<double>(value)));
    return largest;
}

}  // namespace

template <class Real>
Lut cluster_reference(const WeightedPoints<Real>& points, DType dtype,
                      const PalettizationSpec& spec, std::size_t max_clusters) {
    const double largest = largest_of(points.values);
    const bool rounds =
        spec.enable_fast_kmeans_mode && (dtype == DType::kF16 || largest <= kLargestHalf);
    std::vector<double> values(points.values.begin(), points.values.end());
    // Squares of doubles may leave the range.
    const double unit = rounds ? 1 : unit_for_squares(largest);
    for (double& value : values)
        value = rounds ? rounded_like_upstream(value, spec.rounding_precision) : value * unit;
    const SortedPoints sorted = sorted_points(values, points.weights);
    const bool one_by_one = points.weights.empty() && !rounds && dtype != DType::kF16;
    const std::size_t k = std::min(max_clusters, sorted.values.size());
    Clusters clusters = upstream_clusters(sorted, k, one_by_one);
    if (clusters.centroids.empty()) clusters = best_clusters(sorted, k);

    Lut lut;
    std::vector<std::uint8_t> cluster_of(sorted.values.size());
    for (std::size_t c = 0; c < k; ++c) {
        std::fill(cluster_of.begin() + clusters.boundaries[c],
                  cluster_of.begin() + clusters.boundaries[c + 1], static_cast<std::uint8_t>(c));
        lut.centroids.push_back(clusters.centroids[c] / unit);
    }
    lut.clusters.resize(values.size());
    for (std::size_t p = 0; p < values.size(); ++p) {
        const std::uint32_t position = sorted.position_of[p];
        lut.clusters[p] =
            position == kLeftOut ? nearest_of(clusters.centroids, values[p]) : cluster_of[position];
        const double error = static_cast<double>(points.values[p]) - lut.centroids[lut.clusters[p]];
        lut.cost += (points.weights.empty() ? 1.0 : points.weights[p]) * error * error;
    }
    return lut;
}

template Lut cluster_reference<float>(const WeightedPoints<float>&, DType, const PalettizationSpec&,
                                      std::size_t);
template Lut cluster_reference<double>(const WeightedPoints<double>&, DType,
                                       const PalettizationSpec&, std::size_t);

}  // namespace pal
