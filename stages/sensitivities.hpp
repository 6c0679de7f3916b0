// Sensitivities: how much each weight matters to the model, one value a weight, as squared
// gradients tell. Clustering takes them for the weights of its points in place of counts; an error
// that is weighted by them says what the model feels of it (SqueezeLLM, Kim et al. 2024).
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "stages/groups/gather.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// The points' weights of neighbouring groups: a vector's is the sum of its elements'
/// sensitivities.
class PointWeights {
  public:
    /// Reads the sensitivities of groups first .. first + count - 1, which source.sensitivities
    /// has. Parallel. Holds them, 4 or 8 bytes each.
    PointWeights(const ScaledWeights& source, std::size_t first, std::size_t count);

    struct Group {
        /// Of the points, in their order, relative to the largest (up to a power of two, so that
        /// nothing is rounded and no sum overflows); all 1 where all sensitivities are 0, as no
        /// point then matters more than another.
        std::vector<double> weights;
        double scale = 1;  // a weight times this is what the sensitivities say
    };
    [[nodiscard]] Group of_group(std::size_t group) const;

  private:
    using Groups = std::variant<GatheredGroups<float>, GatheredGroups<double>>;
    [[nodiscard]] static Groups gathered(const ScaledWeights& source, std::size_t first,
                                         std::size_t count);

    Groups groups_;
    std::size_t dim_;
};

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
