// The points of groups, gathered: vector after vector, in the order of index positions.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/weights/weights.hpp"

namespace pal {

/// Groups first .. first + count - 1, side by side in one buffer.
template <class Real>
class GatheredGroups {
  public:
    /// Reads every weight of these groups once; parallel.
    GatheredGroups(const ScaledWeights& source, std::size_t first, std::size_t count);

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
