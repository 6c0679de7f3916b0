#include "pipeline/plan/cost.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stages/cluster/vectors/vectors.hpp"

namespace pal {

namespace {

// Costs in nanoseconds, fitted to runs with one thread: 1 to 8 bits, groups of 256 to 33 million
// weights, every engine and dtype.
constexpr double kTensor = 0.35e6;      // per tensor: graph, journal, members of its group
constexpr double kWrittenBit = 0.1;     // per bit of the indices
constexpr double kDecodedByte = 5;      // per byte of filtered chunks; most of it is inflating
constexpr double kMostCounted = 65536;  // most bins, or distinct values, that a solution works on

/// A cost by n_bits, for groups of vectors of 2 components.
using ByWidth = std::array<double, 8>;
constexpr double kFewVector = 1e3;  // per vector, if each has a centroid of its own
// Groups no larger than a training sample: per group, per vector that starts are tried on, and per
// vector that is trained on.
constexpr ByWidth kSmallGroup{0.16e6, 0.39e6, 0.69e6, 1.28e6, 2.9e6, 6.5e6, 7.2e6, 7.8e6};
constexpr ByWidth kStarted{0.25e3, 1.95e3, 3.5e3, 7.2e3, 9.9e3, 13.6e3, 0.7e3, 0};
constexpr ByWidth kTrained{0.07e3, 0.47e3, 1.8e3, 3e3, 4.3e3, 6.2e3, 5.5e3, 4.9e3};
constexpr double kRead = 60;  // per vector
// Larger groups are counted in bins: per group, and per vector.
constexpr ByWidth kBinnedGroup{12e6, 55e6, 120e6, 235e6, 340e6, 480e6, 330e6, 150e6};
constexpr ByWidth kBinned{28, 35, 35, 60, 75, 90, 110, 135};

/// Costs that depend on the dtype of the weights.
struct DTypeCosts {
    double counted;                   // per value, into bins or among distinct values
    std::array<double, 8> solved_us;  // per group of 4096 values, by n_bits; in microseconds
    double assigned;                  // per weight, if the LUT fits a register: up to 4 bits
    double searched;                  // per weight, otherwise
    double searched_in_large_groups;  // the same, if a table of the values pays
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

/// Cost of the fast engine: the pass over a group of n values, and the LUT of what it counted.
double fast_group(const TensorTask& task, double n) {
    const DTypeCosts costs = costs_of(task.dtype, task.spec.n_bits);
    const double solved = 1e3 * costs.solved_us.at(static_cast<std::size_t>(task.spec.n_bits - 1)) *
                          std::min(std::pow(n / 4096, 0.25), 3.0);
    // Small groups have few values to make a LUT of.
    return std::min(solved, 300 * n) + costs.counted * n;
}

/// Cost of one scalar group of n values.
double scalar_group(const TensorTask& task, double n) {
    const double k = std::ldexp(1.0, task.spec.n_bits);
    const double counted = std::min(n, kMostCounted);
    const double proof = task.cluster.certify ? 1e6 + 35 * counted + 4 * n : 0;
    switch (task.cluster.engine) {
        case Engine::kReference:
            return proof + 1e6 + (150 + 9.3 * k) * n;
        case Engine::kExact:
            return proof + 1e6 +
                   (task.dtype == DType::kF64 ? 360 * n
                                              : (60 + 1.8 * k) * counted + (10 + 0.5 * k) * n);
        case Engine::kFast:
            break;
    }
    return proof + fast_group(task, n);
}

/// Cost of one group of n vectors.
double vector_group(const TensorTask& task, double n, bool weighted) {
    const std::uint64_t dim = task.spec.cluster_dim;
    const auto width = static_cast<std::size_t>(task.spec.n_bits - 1);
    const std::size_t k = std::size_t{1} << task.spec.n_bits;
    if (n <= static_cast<double>(k)) return kFewVector * n;
    const auto trained_on = static_cast<double>(cluster::sample_points(k));
    if (n > trained_on && dim == 2 && !weighted)
        return kBinnedGroup.at(width) + kBinned.at(width) * n;
    const auto started_on = static_cast<double>(cluster::start_points(k));
    const double pairs = static_cast<double>(dim) / 2;
    const double small = kSmallGroup.at(width) + kStarted.at(width) * std::min(n, started_on) +
                         kTrained.at(width) * std::min(n, trained_on);
    return small * std::pow(pairs, 1.25) + kRead * pairs * n;
}

/// Cost of finding the index of one weight, in groups of n.
double assigned(const TensorTask& task, double n) {
    const DTypeCosts costs = costs_of(task.dtype, task.spec.n_bits);
    if (task.spec.n_bits <= 4) return costs.assigned;
    return n < kLargeGroup ? costs.searched : costs.searched_in_large_groups;
}

}  // namespace

double estimated_seconds(const PlanEntry& entry) {
    const TensorTask& task = entry.task;
    const auto groups = static_cast<double>(task.geometry.group_count);
    const double in_group = static_cast<double>(task.geometry.index_count) / groups;
    double ns = kTensor;
    const bool scalar = task.spec.cluster_dim == 1;
    ns += groups * (scalar ? scalar_group(task, in_group)
                           : vector_group(task, in_group, entry.sensitivities != nullptr));
    ns += assigned(task, in_group) * static_cast<double>(task.geometry.weight_count);
    ns += kWrittenBit * task.spec.n_bits * static_cast<double>(task.geometry.index_count);
    if (entry.dataset->storage != "contiguous" && entry.dataset->storage != "compact")
        ns += kDecodedByte * static_cast<double>(entry.dataset->bytes);
    return ns * 1e-9;
}

}  // namespace pal
