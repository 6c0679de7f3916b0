// The vector engine. It runs k-means++ on a small sample. Relocation of centroids and Lloyd's
// iteration follow on a training set: bins of the plane, or a sample. Lloyd's iteration over all
// points ends it. The result depends on points and seed alone.
#include "stages/cluster/vectors/vectors.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "stages/cluster/vectors/lloyd.hpp"
#include "stages/cluster/vectors/plane_bins.hpp"
#include "stages/cluster/vectors/plus_plus.hpp"
#include "stages/cluster/vectors/relocate.hpp"
#include "stages/cluster/vectors/sample_by_cost.hpp"
#include "stages/cluster/vectors/training_set.hpp"
#include "stages/kernels/convert.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/parallel/scratch.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace cluster {

namespace {

// Tuned on 4 Mi normal weights in vectors of 2 and 4 at 256 centroids, tests/bench/bench_vectors.
constexpr double kStep = 1.8;  // with 1.8 instead of 1, 30 iterations reach what 60 did
constexpr LloydLimits kStart{1e-3, 30, kStep};
constexpr LloydLimits kRough{1e-3, 100, kStep};  // relocation does not need more
constexpr LloydLimits kBinned{2e-5, 100, kStep};
constexpr LloydLimits kLarger{1e-5, 30, kStep};
constexpr LloydLimits kFull{1e-4, 3, kStep};
constexpr LloydLimits kConverged{1e-7, 300, kStep};
constexpr std::size_t kMore = 4;  // size of the larger sample in samples

/// The task: number of centroids, seed and effort.
struct Task {
    std::size_t k = 0;
    std::uint64_t seed = 0;
    Effort effort = Effort::kFull;

    /// Returns the number of starts: 5 as upstream, fewer for many centroids. Relocation brings
    /// those to much the same cost.
    [[nodiscard]] std::size_t start_count() const {
        return effort == Effort::kLittle ? 1 : std::clamp<std::size_t>(256 / k, 1, 5);
    }
    /// Returns the tries of relocation. It ends by itself when nothing is left to gain, at about
    /// 30.
    [[nodiscard]] int rounds() const {
        if (effort == Effort::kLittle) return 4;
        return k > 128 ? 10 : 40;
    }
};

struct Trained {
    std::vector<double> centroids;
    double cost = std::numeric_limits<double>::infinity();
};

template <class Real>
Trained best_start(const TrainingSet<Real>& points, const Task& task) {
    std::vector<Trained> starts(task.start_count());
    const auto source = points.source();
    for_each_task(starts.size(), [&](std::size_t s) {
        Random random(task.seed + s * 0xD1342543DE82EF95U);
        std::vector<double>& centroids = starts[s].centroids;
        centroids = plus_plus_seeds(points, task.k, random);
        // A sample may have fewer distinct points than the whole. The remaining centroids move in
        // later.
        while (centroids.size() < task.k * points.dim)
            centroids.push_back(centroids[centroids.size() - points.dim]);
        starts[s].cost = lloyd<Real>(source, kStart, centroids);
        // The best start shows only once each has moved its centroids.
        if (starts.size() > 1) {
            starts[s].cost = relocate(points, task.rounds(), starts[s].cost, random, centroids);
        }
    });
    return *std::ranges::min_element(starts, {}, &Trained::cost);
}

template <class Real>
void train(const TrainingSet<Real>& points, const Task& task, Trained& result) {
    result.cost = lloyd<Real>(points.source(), kRough, result.centroids);
    Random random(task.seed);
    result.cost = relocate(points, task.rounds(), result.cost, random, result.centroids);
}

template <class Real>
double mean_cost(const TrainingSet<Real>& points, double cost) {
    return cost / std::accumulate(points.weights.begin(), points.weights.end(), 0.0);
}

template <class Real>
Trained trained(const VectorSource<Real>& source, const Task& task) {
    const std::size_t k = task.k;
    const TrainingSet<Real> sample = training_sample(source, sample_points(k));
    const TrainingSet<Real> few = resampled(sample, start_points(k));
    Trained result = best_start(few, task);
    if (source.count() <= sample_points(k)) {
        train(sample, task, result);
        result.cost = lloyd<Real>(sample.source(), kConverged, result.centroids);
        return result;
    }
    if (source.dim() == 2 && source.weights(0, 1).empty()) {
        if (const auto bins = plane_bins(source, few, mean_cost(few, result.cost))) {
            train(*bins, task, result);
            result.cost = lloyd<Real>(bins->source(), kBinned, result.centroids);
            result.cost = lloyd<Real>(source, {0, 1, 1}, result.centroids);
            return result;
        }
    }
    const auto by_cost = [&](double mean, std::size_t count) {
        return sample_by_cost(source, result.centroids, mean, count);
    };
    const TrainingSet<Real> chosen = by_cost(mean_cost(few, result.cost), sample_points(k));
    train(chosen, task, result);
    const bool large = source.count() > kMore * sample_points(k);
    if (large) {
        const auto more = by_cost(mean_cost(chosen, result.cost), kMore * sample_points(k));
        result.cost = lloyd<Real>(more.source(), kLarger, result.centroids);
    }
    result.cost = lloyd<Real>(source, large ? kFull : kLarger, result.centroids);
    return result;
}

std::vector<double> in_lexicographic_order(const std::vector<double>& centroids, std::size_t dim) {
    std::vector<std::vector<double>> rows;
    for (auto first = centroids.begin(); first != centroids.end();
         first += static_cast<std::ptrdiff_t>(dim)) {
        rows.emplace_back(first, first + static_cast<std::ptrdiff_t>(dim));
    }
    std::sort(rows.begin(), rows.end());
    std::vector<double> result;
    for (const auto& row : rows) result.insert(result.end(), row.begin(), row.end());
    return result;
}

template <class Real>
Lut lut_of(const VectorSource<Real>& source, const Task& task) {
    if (auto few = few_distinct(source, task.k)) return {std::move(*few), 0.0, {}};
    const Trained result = trained(source, task);
    return {in_lexicographic_order(result.centroids, source.dim()), result.cost, {}};
}

double largest_of(std::span<const double> values) {
    double largest = 0;
    for (const double value : values) largest = std::max(largest, std::abs(value));
    return largest;
}

Lut lut_in_units(const VectorSource<float>& source, double /*largest*/, const Task& task) {
    return lut_of(source, task);  // squares of floats are in the range of double
}

/// Clusters doubles in units of the largest magnitude, since their squares can leave the range.
Lut lut_in_units(const VectorSource<double>& source, double largest, const Task& task) {
    if (!(largest > 0)) return lut_of(source, task);
    const double unit = std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1022));
    const VectorsInUnits<double> scaled(source, unit);
    Lut lut = lut_of<double>(scaled, task);
    for (double& component : lut.centroids) component /= unit;
    lut.cost = lut.cost / unit / unit;
    return lut;
}

/// Returns the largest magnitude, 0 for floats, or nothing if a value is NaN or infinite. One pass.
template <class Real>
std::optional<double> finite_magnitude(const VectorSource<Real>& source) {
    std::vector<double> largest((source.count() + kReadBlock - 1) / kReadBlock);
    std::atomic<bool> finite{true};
    for_each_task(largest.size(), [&](std::size_t b) {
        const std::size_t begin = b * kReadBlock;
        Scratch<Real> scratch;
        const auto values =
            source.block(begin, std::min(kReadBlock, source.count() - begin), scratch.buffer());
        if (!kernels::all_finite(values)) finite = false;
        if constexpr (std::is_same_v<Real, double>) largest[b] = largest_of(values);
    });
    if (!finite) return std::nullopt;
    return *std::ranges::max_element(largest);
}

}  // namespace

std::size_t start_points(std::size_t max_clusters) {
    return std::max<std::size_t>(32 * max_clusters, max_clusters > 64 ? 1 << 12 : 1 << 14);
}

std::size_t sample_points(std::size_t max_clusters) {
    return std::max<std::size_t>(256 * max_clusters, 1 << 16);
}

template <class Real>
std::optional<Lut> cluster_source(const VectorSource<Real>& source, std::size_t max_clusters,
                                  std::uint64_t seed, Effort effort) {
    const auto largest = finite_magnitude(source);
    if (!largest) return std::nullopt;
    return lut_in_units(source, *largest, {max_clusters, seed, effort});
}

template std::optional<Lut> cluster_source<float>(const VectorSource<float>&, std::size_t,
                                                  std::uint64_t, Effort);
template std::optional<Lut> cluster_source<double>(const VectorSource<double>&, std::size_t,
                                                   std::uint64_t, Effort);

std::uint64_t vector_training_bytes(std::size_t dim, std::size_t max_clusters,
                                    std::size_t real_bytes) {
    // The sample, the one chosen by cost, and the larger one, which is put together of parts.
    return (2 + 2 * kMore) * sample_points(max_clusters) * (dim * real_bytes + sizeof(double));
}

}  // namespace cluster

template <class Real>
Lut cluster_vectors(const WeightedPoints<Real>& points, std::size_t dim, std::size_t max_clusters,
                    std::uint64_t seed, Effort effort) {
    PAL_ASSERT(dim > 0 && points.values.size() % dim == 0 && !points.values.empty());
    double largest = 0;
    if constexpr (std::is_same_v<Real, double>) largest = cluster::largest_of(points.values);
    const cluster::PointsInMemory<Real> source(points, dim);
    return cluster::lut_in_units(source, largest, {max_clusters, seed, effort});
}

template Lut cluster_vectors<float>(const WeightedPoints<float>&, std::size_t, std::size_t,
                                    std::uint64_t, Effort);
template Lut cluster_vectors<double>(const WeightedPoints<double>&, std::size_t, std::size_t,
                                     std::uint64_t, Effort);

}  // namespace pal
