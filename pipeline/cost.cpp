#include "pipeline/cost.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace pal {

namespace {

constexpr double kTensorSeconds = 50e-6;          // graph, journal, members of the group
constexpr double kDecodedByteSeconds = 5e-9;      // of filtered chunks, inflating most of all
constexpr std::size_t kTrainedVectors = 1 << 16;  // see stages/cluster/vectors.cpp

/// By n_bits, 1 to 8.
using ByBits = std::array<double, 8>;
constexpr ByBits kGroupSeconds{30e-6, 80e-6, 150e-6, 250e-6, 700e-6, 1.5e-3, 2.5e-3, 4.3e-3};
constexpr ByBits kTrainingSeconds{0.10, 0.19, 0.30, 0.44, 0.55, 0.67, 0.50, 0.32};

double by_bits(const ByBits& seconds, int n_bits) {
    return seconds.at(static_cast<std::size_t>(n_bits - 1));
}

double scalar_weight_seconds(const TensorJob& job) {
    const double palette = std::ldexp(1.0, job.spec.n_bits);
    switch (job.cluster.engine) {
        case Engine::kReference:
            return 30e-9 * palette;  // dynamic programming over all values
        case Engine::kExact:
            return job.dtype == DType::kF64 ? 60e-9 : 17e-9;
        case Engine::kFast:
            break;
    }
    if (job.dtype == DType::kF64) return 53e-9;
    return job.spec.n_bits <= 4 ? 2.2e-9 : 5e-9;
}

double scalar_seconds(const TensorJob& job) {
    const auto weights = static_cast<double>(job.geometry.weight_count);
    const auto groups = static_cast<double>(job.geometry.group_count);
    // Small groups have few values to make a palette of.
    const double solving =
        std::min(by_bits(kGroupSeconds, job.spec.n_bits), 0.3e-6 * weights / groups);
    const double proving = job.cluster.certify ? 10e-9 : 0;
    return weights * (scalar_weight_seconds(job) + proving) + groups * solving;
}

double vector_seconds(const TensorJob& job) {
    const auto vectors = static_cast<double>(job.geometry.index_count);
    const auto groups = static_cast<double>(job.geometry.group_count);
    const double dim = static_cast<double>(job.spec.cluster_dim) / 2;
    const double trained = std::min(1.0, vectors / groups / static_cast<double>(kTrainedVectors));
    const double training = by_bits(kTrainingSeconds, job.spec.n_bits) * std::pow(dim, 1.3);
    const double passes = dim * (30e-9 + 0.4e-9 * std::ldexp(1.0, job.spec.n_bits));
    return groups * training * trained + vectors * passes;
}

}  // namespace

double estimated_seconds(const PlanEntry& entry) {
    const TensorJob& job = entry.job;
    double seconds = kTensorSeconds;
    seconds += job.spec.cluster_dim > 1 ? vector_seconds(job) : scalar_seconds(job);
    if (entry.dataset->storage != "contiguous" && entry.dataset->storage != "compact")
        seconds += kDecodedByteSeconds * static_cast<double>(entry.dataset->bytes);
    return seconds;
}

}  // namespace pal
