// Sampling by sensitivity (Bachem, Lucic and Krause 2018, lightweight coresets, with centroids in
// place of the mean).
#include "stages/cluster/vectors/sample_by_cost.hpp"

#include <algorithm>

#include "stages/cluster/vectors/random.hpp"
#include "stages/kernels/nearest_vectors.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/parallel/scratch.hpp"

namespace pal::cluster {

namespace {

/// Expected draws of a vector: by_weight * weight + by_error * error.
struct Rates {
    double by_weight = 0;
    double by_error = 0;
};

template <class Real>
double mean_weight(const VectorSource<Real>& source) {
    double sum = 0;
    for (const double weight : source.weights(0, source.count())) sum += weight;
    return sum > 0 ? sum / static_cast<double>(source.count()) : 1.0;
}

template <class Real>
struct Block {
    std::span<const Real> values;
    std::span<const double> weights;
    std::span<const std::uint8_t> clusters;
};

/// Draws at one pseudo-random place of every unit of the running sum of the rates. Draws every
/// vector with a rate of 1 or more.
template <class Real>
void draw(const Block<Real>& block, const std::vector<double>& centroids, const Rates& rates,
          Random& random, TrainingSet<Real>& to) {
    const std::size_t dim = to.dim;
    double unit = 0;
    double next = random.next();
    double sum = 0;
    for (std::size_t v = 0; v < block.clusters.size(); ++v) {
        const Real* vector = block.values.data() + v * dim;
        const double* centroid = centroids.data() + block.clusters[v] * dim;
        double distance = 0;
        for (std::size_t t = 0; t < dim; ++t) {
            const double offset = static_cast<double>(vector[t]) - centroid[t];
            distance += offset * offset;
        }
        const double weight = block.weights.empty() ? 1.0 : block.weights[v];
        const double rate = weight * (rates.by_weight + rates.by_error * distance);
        if (!(rate > 0)) continue;
        if (rate < 1) {
            sum += rate;
            if (next >= sum) continue;
            ++unit;
            next = unit + random.next();
        }
        to.weights.push_back(weight / std::min(rate, 1.0));
        to.values.insert(to.values.end(), vector, vector + dim);
    }
}

}  // namespace

template <class Real>
TrainingSet<Real> sample_by_cost(const VectorSource<Real>& source,
                                 const std::vector<double>& centroids, double mean_cost,
                                 std::size_t count) {
    const std::size_t dim = source.dim();
    const double part =
        static_cast<double>(count) / static_cast<double>(source.count()) / 2 / mean_weight(source);
    const Rates rates{mean_cost > 0 ? part : 2 * part, mean_cost > 0 ? part / mean_cost : 0};
    const kernels::NearestVectors<Real> nearest(centroids, dim);
    std::vector<TrainingSet<Real>> blocks((source.count() + kReadBlock - 1) / kReadBlock);
    for_each_task(blocks.size(), [&](std::size_t b) {
        const std::size_t begin = b * kReadBlock;
        const std::size_t length = std::min(kReadBlock, source.count() - begin);
        Scratch<Real> scratch;
        const auto values = source.block(begin, length, scratch.buffer());
        std::vector<std::uint8_t> clusters(length);
        nearest.find(values.data(), dim, 1, clusters);
        Random random(b);
        blocks[b].dim = dim;
        draw<Real>({values, source.weights(begin, length), clusters}, centroids, rates, random,
                   blocks[b]);
    });
    TrainingSet<Real> result{dim, {}, {}};
    for (const auto& block : blocks) {
        result.values.insert(result.values.end(), block.values.begin(), block.values.end());
        result.weights.insert(result.weights.end(), block.weights.begin(), block.weights.end());
    }
    return result;
}

template TrainingSet<float> sample_by_cost<float>(const VectorSource<float>&,
                                                  const std::vector<double>&, double, std::size_t);
template TrainingSet<double> sample_by_cost<double>(const VectorSource<double>&,
                                                    const std::vector<double>&, double,
                                                    std::size_t);

}  // namespace pal::cluster
