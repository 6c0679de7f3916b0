#include "pipeline/cost.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace pal {

namespace {

// Fitted to runs with one thread: 1 to 8 bits, groups of 256 to 33 million weights, every engine.
// In nanoseconds.
constexpr double kTensor = 0.5e6;       // graph, journal, members of the group
constexpr double kDecodedByte = 5;      // of filtered chunks, inflating most of all
constexpr double kMostCounted = 65536;  // bins, or distinct values, that are solved on
constexpr double kMostTrained = 32768;  // vectors, see stages/cluster/vectors.cpp

/// Training a vector of 2 components, by n_bits: many centroids have fewer starts.
constexpr std::array<double, 8> kTrained{0.7e3, 5e3, 10e3, 20e3, 28e3, 35e3, 20e3, 9e3};

/// One scalar group of n values.
double scalar_group(const TensorJob& job, double n) {
    const double k = std::ldexp(1.0, job.spec.n_bits);
    const bool is_double = job.dtype == DType::kF64;
    const double counted = std::min(n, kMostCounted);
    const double proof = job.cluster.certify ? 1e6 + 35 * counted + 4 * n : 0;
    switch (job.cluster.engine) {
        case Engine::kReference:
            return proof + 1e6 + (150 + 9.3 * k) * n;
        case Engine::kExact:
            return proof + 1e6 +
                   (is_double ? 360 * n : (60 + 1.8 * k) * counted + (10 + 0.5 * k) * n);
        case Engine::kFast:
            break;
    }
    // Small groups have few values to make a palette of.
    return proof + std::min(1e5 + 8e3 * k, 400 * n) + (is_double ? 21 : 1.5) * n;
}

/// One group of n vectors.
double vector_group(const TensorJob& job, double n) {
    const double dim = static_cast<double>(job.spec.cluster_dim) / 2;
    const double trained = kTrained.at(static_cast<std::size_t>(job.spec.n_bits - 1));
    return trained * std::pow(dim, 1.25) * std::min(n, kMostTrained) + 60 * dim * n;
}

}  // namespace

double estimated_seconds(const PlanEntry& entry) {
    const TensorJob& job = entry.job;
    const auto groups = static_cast<double>(job.geometry.group_count);
    const double in_group = static_cast<double>(job.geometry.index_count) / groups;
    const bool scalar = job.spec.cluster_dim == 1;
    const double assigned =
        job.dtype == DType::kF64 ? 38 : 1.5 + 0.01 * std::ldexp(1.0, job.spec.n_bits);
    double ns = kTensor + assigned * static_cast<double>(job.geometry.weight_count);
    ns += groups * (scalar ? scalar_group(job, in_group) : vector_group(job, in_group));
    if (entry.dataset->storage != "contiguous" && entry.dataset->storage != "compact")
        ns += kDecodedByte * static_cast<double>(entry.dataset->bytes);
    return ns * 1e-9;
}

}  // namespace pal
