// The unit of bounds of rounding errors.
#pragma once

#include <limits>

namespace pal::cluster {

/// Twice the largest relative error of an operation on doubles.
inline constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

}  // namespace pal::cluster
