// Sensitivities tell how much each weight matters to the model, for example by squared gradients:
// one value >= 0 per weight. Clustering weights its points by them. The error weighted by them
// shows how much the model is affected (SqueezeLLM, Kim et al. 2024).
#pragma once

#include <cstddef>
#include <optional>

#include "stages/weights/weights.hpp"

namespace pal {

struct BadSensitivity {
    std::size_t index = 0;
    double value = 0;  // negative, NaN or infinite
};
/// Returns the first value that is no sensitivity, if any. One pass, parallel.
[[nodiscard]] std::optional<BadSensitivity> first_bad_sensitivity(const Weights& sensitivities);

/// Returns the sensitivities as coreai_opt makes them of squared gradients, read by read. Divides
/// by the largest, replaces zeros by the smallest other value, and raises what is below 1e-12.
/// Rounds each step to the type that they are stored in. All are 1 where all are 0. Passes twice
/// over them. sensitivities: finite, 0 or more.
[[nodiscard]] Weights normalized_like_coreai(const Weights& sensitivities);

/// Sums over the weights, each times its sensitivity.
struct WeightedError {
    double squared = 0;  // sum of squared errors
    double energy = 0;   // sum of squared weights
    /// `squared` divided by the sum of the sensitivities. Equals the plain mse if all sensitivities
    /// are equal, even if all are 0.
    double mse = 0;
};
/// Measures the weighted error of a tensor. One pass over weights, sensitivities and chunks, and
/// one more over the sensitivities. Sums over fixed blocks in a fixed order. Parallel over chunks.
[[nodiscard]] WeightedError weighted_error(const Weights& original, const Weights& sensitivities,
                                           const PalettizedTensor& tensor);

}  // namespace pal
