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

#include "stages/tensor/error.hpp"

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

struct SortedPoints {
    std::vector<double> values;  // ascending
    std::vector<double> weights;
    std::vector<std::uint32_t> position_of;  // [point] its position among the sorted
};

/// Sorts the points and merges equal values as np.unique does.
SortedPoints sorted_points(const std::vector<double>& values, std::span<const double> weights) {
    std::vector<std::uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
    SortedPoints sorted;
    sorted.position_of.resize(values.size());
    for (const std::uint32_t point : order) {
        const double weight = weights.empty() ? 1.0 : weights[point];
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

/// Returns the first point of each of the k clusters.
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
    Positions starts(k, 0);
    std::uint32_t end = count;
    for (std::size_t c = k; c-- > 0 && end > 0;) {
        starts[c] = first[c][end - 1];
        end = starts[c];
    }
    return starts;
}

}  // namespace

template <class Real>
Lut cluster_reference(const WeightedPoints<Real>& points, DType dtype,
                      const PalettizationSpec& spec, std::size_t max_clusters) {
    bool within_half = true;
    for (const Real value : points.values)
        within_half = within_half && std::abs(value) <= kLargestHalf;
    const bool rounds = spec.enable_fast_kmeans_mode && (dtype == DType::kF16 || within_half);
    std::vector<double> values(points.values.begin(), points.values.end());
    if (rounds) {
        for (double& value : values) value = rounded_like_upstream(value, spec.rounding_precision);
    }
    const SortedPoints sorted = sorted_points(values, points.weights);
    const bool one_by_one = points.weights.empty() && !rounds && dtype != DType::kF16;
    const std::size_t k = std::min(max_clusters, sorted.values.size());
    const Positions starts = upstream_partition(sorted, k);

    Lut lut;
    std::vector<std::uint8_t> cluster_of(sorted.values.size());
    for (std::size_t c = 0; c < k; ++c) {
        const std::size_t end = c + 1 < k ? starts[c + 1] : sorted.values.size();
        std::fill(cluster_of.begin() + starts[c],
                  cluster_of.begin() + static_cast<std::ptrdiff_t>(end),
                  static_cast<std::uint8_t>(c));
        lut.centroids.push_back(upstream_mean(sorted, starts[c], end, one_by_one));
    }
    lut.clusters.resize(values.size());
    for (std::size_t p = 0; p < values.size(); ++p) {
        lut.clusters[p] = cluster_of[sorted.position_of[p]];
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
