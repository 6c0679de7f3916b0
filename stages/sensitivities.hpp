// Sensitivities: how much each weight matters to the model, one value a weight, as squared
// gradients tell. Clustering takes them for the weights of its points in place of counts; an error
// that is weighted by them says what the model feels of it (SqueezeLLM, Kim et al. 2024).
#pragma once

#include <cstddef>
#include <optional>

#include "stages/weights/weights.hpp"

namespace pal {

struct BadSensitivity {
    std::size_t index = 0;
    double value = 0;  // negative, NaN or infinite
};
/// The first that is no sensitivity, if there is one. One pass.
[[nodiscard]] std::optional<BadSensitivity> first_bad_sensitivity(const Weights& sensitivities);

/// Sums over the weights, each times its sensitivity.
struct WeightedError {
    double squared = 0;  // of squared errors
    double energy = 0;   // of squared weights
    /// `squared` by the sum of the sensitivities: equals the plain mse where all are the same, and
    /// where all are 0.
    double mse = 0;
};
/// One pass over all three, and one more over the sensitivities; sums over fixed blocks in a fixed
/// order.
[[nodiscard]] WeightedError weighted_error(const Weights& original, const Weights& sensitivities,
                                           const PalettizedTensor& tensor);

}  // namespace pal
