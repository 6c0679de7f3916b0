#include "pipeline/cost.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stages/cluster/vector_source.hpp"

namespace pal {

namespace {

// Fitted to runs with one thread: 1 to 8 bits, groups of 256 to 33 million weights, every engine
// and dtype. In nanoseconds.
constexpr double kTensor = 0.35e6;      // graph, journal, members of the group
constexpr double kWrittenBit = 0.1;     // of indices
constexpr double kDecodedByte = 5;      // of filtered chunks, inflating most of all
constexpr double kMostCounted = 65536;  // bins, or distinct values, that are solved on

/// Of a vector of 2 components, by n_bits: many centroids have fewer starts.
constexpr std::array<double, 8> kStarted{0.6e3, 3e3, 5e3, 13e3, 17e3, 20e3, 9e3, 3e3};
constexpr std::array<double, 8> kTrained{0.1e3, 0.5e3, 1e3, 2e3, 3.5e3, 5e3, 4.5e3, 4.2e3};

/// What depends on the dtype of the weights.
struct DTypeCosts {
    double counted;                   // a value, into bins or among distinct values
    std::array<double, 8> solved_us;  // a group of 4096 values, by n_bits; in microseconds
    double assigned;                  // a weight, where LUTs fit a register: up to 4 bits
    double searched;                  // a weight, where they do not, in groups
    double searched_in_large_groups;  // the same, where a table of the values is worth making
};

constexpr double kLargeGroup = 1 << 18;  // values

DTypeCosts costs_of(DType dtype, int n_bits) {
    switch (dtype) {
        case DType::kF16:
            return {1.3, {150, 180, 140, 180, 295, 480, 860, 1550}, 1.3, 5.5, 2.5};
        case DType::kBF16:
            return {1.3, {85, 90, 110, 150, 250, 420, 460, 500}, 2.3, 6.5, 3.5};
        case DType::kF32:
            return {1.3, {45, 70, 120, 170, 300, 520, 940, 1700}, 1.3, 5.5, 2.5};
        case DType::kF64:
            break;
    }
    const double bisected = 4.6 + 5.8 * n_bits;
    return {9, {140, 160, 210, 290, 450, 700, 1450, 3000}, bisected, bisected, bisected};
}

/// Of the fast engine: the pass over a group of n values, and the palette of what it counted.
double fast_group(const TensorJob& job, double n) {
    const DTypeCosts costs = costs_of(job.dtype, job.spec.n_bits);
    const double solved = 1e3 * costs.solved_us.at(static_cast<std::size_t>(job.spec.n_bits - 1)) *
                          std::min(std::pow(n / 4096, 0.25), 3.0);
    // Small groups have few values to make a palette of.
    return std::min(solved, 300 * n) + costs.counted * n;
}

/// One scalar group of n values.
double scalar_group(const TensorJob& job, double n) {
    const double k = std::ldexp(1.0, job.spec.n_bits);
    const double counted = std::min(n, kMostCounted);
    const double proof = job.cluster.certify ? 1e6 + 35 * counted + 4 * n : 0;
    switch (job.cluster.engine) {
        case Engine::kReference:
            return proof + 1e6 + (150 + 9.3 * k) * n;
        case Engine::kExact:
            return proof + 1e6 +
                   (job.dtype == DType::kF64 ? 360 * n
                                             : (60 + 1.8 * k) * counted + (10 + 0.5 * k) * n);
        case Engine::kFast:
            break;
    }
    return proof + fast_group(job, n);
}

/// One group of n vectors.
double vector_group(const TensorJob& job, double n) {
    const double dim = static_cast<double>(job.spec.cluster_dim) / 2;
    const auto width = static_cast<std::size_t>(job.spec.n_bits - 1);
    const std::size_t k = std::size_t{1} << job.spec.n_bits;
    const auto at_most = [n](std::size_t points) {
        return std::min(n, static_cast<double>(points));
    };
    const double starts = kStarted.at(width) * at_most(cluster::start_points(k));
    const double training = kTrained.at(width) * at_most(cluster::sample_points(k));
    return (starts + training) * std::pow(dim, 1.25) + 60 * dim * n;
}

/// Finding a weight's index, in groups of n.
double assigned(const TensorJob& job, double n) {
    const DTypeCosts costs = costs_of(job.dtype, job.spec.n_bits);
    if (job.spec.n_bits <= 4) return costs.assigned;
    return n < kLargeGroup ? costs.searched : costs.searched_in_large_groups;
}

}  // namespace

double estimated_seconds(const PlanEntry& entry) {
    const TensorJob& job = entry.job;
    const auto groups = static_cast<double>(job.geometry.group_count);
    const double in_group = static_cast<double>(job.geometry.index_count) / groups;
    double ns = kTensor;
    const bool scalar = job.spec.cluster_dim == 1;
    ns += groups * (scalar ? scalar_group(job, in_group) : vector_group(job, in_group));
    ns += assigned(job, in_group) * static_cast<double>(job.geometry.weight_count);
    ns += kWrittenBit * job.spec.n_bits * static_cast<double>(job.geometry.index_count);
    if (entry.dataset->storage != "contiguous" && entry.dataset->storage != "compact")
        ns += kDecodedByte * static_cast<double>(entry.dataset->bytes);
    return ns * 1e-9;
}

}  // namespace pal
