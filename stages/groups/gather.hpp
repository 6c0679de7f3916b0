// Gathers the points of groups in memory: vector after vector, in the order of index positions.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/weights/weights.hpp"

namespace pal {

/// Points of groups first .. first + count - 1, in one buffer. Refers to the source's geometry.
template <class Real>
class GatheredGroups {
  public:
    /// Reads every weight of these groups once. Parallel.
    GatheredGroups(const ScaledWeights& source, std::size_t first, std::size_t count);

    /// Points of a group, [index positions][cluster_dim]. group: numbered as in the tensor.
    [[nodiscard]] std::span<const Real> points(std::size_t group) const;

  private:
    const Geometry& geometry_;
    std::size_t first_;
    std::size_t stride_;
    std::vector<Real> points_;
};

extern template class GatheredGroups<float>;
extern template class GatheredGroups<double>;

}  // namespace pal
