// Distributions of values that clustering must handle, and the true cost of clusters.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "stages/cluster/cluster.hpp"

namespace pal::test {

/// Draws a value like most weights: normal, deviation 0.02.
inline double normal(std::mt19937& random) { return std::normal_distribution<>(0, 0.02)(random); }

using Distribution = std::pair<const char*, std::function<double(std::mt19937&)>>;

inline const std::vector<Distribution>& distributions() {
    static const std::vector<Distribution> all{
        {"normal", normal},
        {"laplace",
         [](std::mt19937& r) {
             return std::exponential_distribution<>(50)(r) * (r() % 2 == 0 ? 1 : -1);
         }},
        {"uniform", [](std::mt19937& r) { return std::uniform_real_distribution<>(-1, 1)(r); }},
        {"heavy tails", [](std::mt19937& r) { return std::cauchy_distribution<>(0, 0.01)(r); }},
        {"student t 3", [](std::mt19937& r) { return std::student_t_distribution<>(3)(r) * 0.02; }},
        {"sparse",
         [](std::mt19937& r) {
             return r() % 10 < 7 ? 0.0 : std::normal_distribution<>(0, 0.1)(r);
         }},
        {"two values", [](std::mt19937& r) { return r() % 3 == 0 ? 0.25 : -3.5; }},
        {"all equal", [](std::mt19937&) { return 0.1; }},
        {"all zero", [](std::mt19937&) { return 0.0; }},
        {"denormal", [](std::mt19937& r) { return std::normal_distribution<>(0, 1e-40)(r); }},
        {"huge", [](std::mt19937& r) { return std::uniform_real_distribution<>(-3e38, 3e38)(r); }},
        {"far from zero",
         [](std::mt19937& r) { return std::normal_distribution<>(1000, 0.01)(r); }},
        {"bumps",
         [](std::mt19937& r) { return double(r() % 5) + std::normal_distribution<>(0, 0.01)(r); }},
        {"outlier",
         [](std::mt19937& r) {
             return r() % 4096 == 0 ? 1e6 : std::normal_distribution<>(0, 1)(r);
         }},
        {"few values", [](std::mt19937& r) { return static_cast<double>(r() % 12) - 3; }},
        {"narrow bumps",
         [](std::mt19937& r) {
             const double place = r() % 7;
             return place * place + std::normal_distribution<>(0, 1e-5 * (place + 1))(r);
         }},
        {"many narrow bumps",
         [](std::mt19937& r) { return double(r() % 65) + std::normal_distribution<>(0, 1e-3)(r); }},
    };
    return all;
}

/// Weighted sum of squared distances to the nearest centroid, times unit^2. No weights: 1 each.
template <class Real>
double true_cost(const std::vector<Real>& values, const Lut& lut, double unit = 1,
                 const std::vector<double>& weights = {}) {
    const std::vector<double>& centroids = lut.centroids;
    double cost = 0;
    for (std::size_t v = 0; v < values.size(); ++v) {
        const auto value = double(values[v]);
        const auto above = std::lower_bound(centroids.begin(), centroids.end(), value);
        double nearest = std::numeric_limits<double>::infinity();
        if (above != centroids.end()) nearest = std::abs(*above - value);
        if (above != centroids.begin()) nearest = std::min(nearest, std::abs(*(above - 1) - value));
        cost += (weights.empty() ? 1 : weights[v]) * nearest * unit * nearest * unit;
    }
    return cost;
}

/// Returns the same normal weights at every call.
inline std::vector<float> normal_weights(std::size_t count) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0.0F, 0.02F);
    std::vector<float> weights(count);
    for (float& weight : weights) weight = normal(random);
    return weights;
}

}  // namespace pal::test
