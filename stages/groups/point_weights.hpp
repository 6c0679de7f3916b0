// Weights of the points of groups, made from the sensitivities of their weights.
#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "stages/groups/gather.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Weights of the points of neighbouring groups. The weight of a vector is the sum of its elements'
/// sensitivities.
class PointWeights {
  public:
    /// Reads and holds the sensitivities of groups first .. first + count - 1: 4 or 8 bytes each.
    /// source.sensitivities must be set. Parallel.
    PointWeights(const ScaledWeights& source, std::size_t first, std::size_t count);

    struct Group {
        /// One weight per point, in their order, relative to the largest sensitivity: up to a power
        /// of two, so that nothing is rounded and no sum overflows. All 1 where all sensitivities
        /// are 0, since no point then matters more than another.
        std::vector<double> weights;
        /// Factor that turns a weight back into sensitivities; 0 where all of them are 0.
        double scale = 1;
    };
    [[nodiscard]] Group of_group(std::size_t group) const;

  private:
    using Groups = std::variant<GatheredGroups<float>, GatheredGroups<double>>;
    [[nodiscard]] static Groups gathered(const ScaledWeights& source, std::size_t first,
                                         std::size_t count);

    Groups groups_;
    std::size_t dim_;
};

}  // namespace pal
