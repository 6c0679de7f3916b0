#include "stages/cluster/vectors/lloyd.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "stages/kernels/nearest_vectors.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/parallel/scratch.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kSmallestBlock = 1 << 10;  // vectors: a smaller block is not worth a task
constexpr std::size_t kLargestBlock =
    1 << 14;  // vectors: their values stay in the L2 cache between search and sums
constexpr std::size_t kBlocks = 64;

std::size_t block_length(std::size_t count) {
    return std::clamp((count + kBlocks - 1) / kBlocks, kSmallestBlock, kLargestBlock);
}

/// Returns the number of blocks whose sums are held side by side: all of a training set, a few MiB
/// of a large source.
std::size_t blocks_at_a_time(std::size_t k, std::size_t dim) {
    constexpr std::size_t kSumBytes = std::size_t{4} << 20;
    return std::max(kBlocks, kSumBytes / (k * (dim + 2) * sizeof(double)));
}

/// Sums of one pass over the points, for k centroids.
struct Pass {
    std::vector<double> offsets;   // [k][dim] weighted sum of (vector - its centroid)
    std::vector<double> weights;   // [k]
    std::vector<double> errors;    // [k] weighted sum of squared distances
    double cost = 0;               // sum of the errors
    std::vector<double> farthest;  // [dim] vector with the largest weighted squared distance
    double farthest_error = 0;     // that distance; an empty cluster starts anew there
};

/// Adds up one block. kDim 0: any dimension.
template <std::size_t kDim, class Real>
void add_block(std::span<const Real> values, std::span<const double> weights,
               std::span<const std::uint8_t> clusters, const double* centroids, std::size_t any_dim,
               Pass& pass) {
    const std::size_t dim = kDim == 0 ? any_dim : kDim;
    double farthest_error = 0;
    std::size_t farthest = 0;
    for (std::size_t v = 0; v < clusters.size(); ++v) {
        const std::size_t c = clusters[v];
        const double weight = weights.empty() ? 1.0 : weights[v];
        double distance = 0;
        for (std::size_t t = 0; t < dim; ++t) {
            const double offset = static_cast<double>(values[v * dim + t]) - centroids[c * dim + t];
            distance += offset * offset;
            pass.offsets[c * dim + t] += weight * offset;
        }
        const double error = weight * distance;
        pass.weights[c] += weight;
        pass.errors[c] += error;
        if (error > farthest_error) {
            farthest_error = error;
            farthest = v;
        }
    }
    pass.farthest_error = farthest_error;
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(farthest * dim);
    pass.farthest.assign(first, first + static_cast<std::ptrdiff_t>(dim));
}

template <class Real>
void add_block_of(std::size_t dim, std::span<const Real> values, std::span<const double> weights,
                  std::span<const std::uint8_t> clusters, const double* centroids, Pass& pass) {
    switch (dim) {
        case 2:
            return add_block<2>(values, weights, clusters, centroids, dim, pass);
        case 3:
            return add_block<3>(values, weights, clusters, centroids, dim, pass);
        case 4:
            return add_block<4>(values, weights, clusters, centroids, dim, pass);
        default:
            return add_block<0>(values, weights, clusters, centroids, dim, pass);
    }
}

void add(Pass& total, const Pass& block) {
    const auto plus = [](std::vector<double>& sum, const std::vector<double>& more) {
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
    };
    plus(total.offsets, block.offsets);
    plus(total.weights, block.weights);
    plus(total.errors, block.errors);
    if (block.farthest_error > total.farthest_error) {
        total.farthest_error = block.farthest_error;
        total.farthest = block.farthest;
    }
}

/// Passes over the source. centroids: [k][dim], k <= 256. Parallel over blocks.
template <class Real>
Pass pass_over(const VectorSource<Real>& source, const std::vector<double>& centroids) {
    const std::size_t dim = source.dim();
    const std::size_t k = centroids.size() / dim;
    const kernels::NearestVectors<Real> nearest(centroids, dim);
    const std::size_t length = block_length(source.count());
    const std::size_t block_count = (source.count() + length - 1) / length;
    std::vector<Pass> blocks(std::min(block_count, blocks_at_a_time(k, dim)));
    const auto pass_over_block = [&](std::size_t number, Pass& pass) {
        const std::size_t begin = number * length;
        const std::size_t count = std::min(length, source.count() - begin);
        Scratch<Real> scratch;
        const auto values = source.block(begin, count, scratch.buffer());
        std::vector<std::uint8_t> clusters(count);
        nearest.find(values.data(), dim, 1, clusters);
        pass.offsets.assign(k * dim, 0.0);
        pass.weights.assign(k, 0.0);
        pass.errors.assign(k, 0.0);
        add_block_of<Real>(dim, values, source.weights(begin, count), clusters, centroids.data(),
                           pass);
    };
    Pass total;
    for (std::size_t first = 0; first < block_count; first += blocks.size()) {
        const std::size_t count = std::min(blocks.size(), block_count - first);
        for_each_task(count, [&](std::size_t b) { pass_over_block(first + b, blocks[b]); });
        if (first == 0) total = blocks[0];
        for (std::size_t b = first == 0 ? 1 : 0; b < count; ++b) add(total, blocks[b]);
    }
    total.cost = std::accumulate(total.errors.begin(), total.errors.end(), 0.0);
    return total;
}

/// Moves every centroid `step` times the way to its mean. A step of 0 to 2 never raises the cost,
/// which is a parabola around the mean for each cluster. A step beyond 1 lowers it faster when many
/// clusters shift together. An empty cluster jumps to the farthest vector.
void move_centroids(const Pass& pass, double step, std::vector<double>& centroids) {
    const std::size_t dim = centroids.size() / pass.weights.size();
    bool reseeded = false;  // one empty cluster a pass: two would land on the same vector
    for (std::size_t c = 0; c < pass.weights.size(); ++c) {
        double* centroid = centroids.data() + c * dim;
        if (pass.weights[c] > 0) {
            for (std::size_t t = 0; t < dim; ++t) {
                centroid[t] += step * (pass.offsets[c * dim + t] / pass.weights[c]);
            }
        } else if (!reseeded && pass.farthest_error > 0) {
            std::ranges::copy(pass.farthest, centroid);
            reseeded = true;
        }
    }
}

}  // namespace

template <class Real>
double lloyd(const VectorSource<Real>& source, const LloydLimits& limits,
             std::vector<double>& centroids) {
    double last = std::numeric_limits<double>::infinity();
    for (int iteration = 1;; ++iteration) {
        const Pass pass = pass_over(source, centroids);
        const bool done =
            iteration >= limits.most_iterations || !(pass.cost < last * (1 - limits.tolerance));
        last = pass.cost;
        move_centroids(pass, done ? 1.0 : limits.step, centroids);
        if (!done) continue;
        const std::size_t dim = source.dim();
        for (std::size_t i = 0; i < pass.offsets.size(); ++i) {
            const double weight = pass.weights[i / dim];
            if (weight > 0) last -= pass.offsets[i] / weight * pass.offsets[i];
        }
        return std::max(last, 0.0);
    }
}

template double lloyd<float>(const VectorSource<float>&, const LloydLimits&, std::vector<double>&);
template double lloyd<double>(const VectorSource<double>&, const LloydLimits&,
                              std::vector<double>&);

}  // namespace pal::cluster
