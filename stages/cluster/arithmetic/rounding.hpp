// What bounds of rounding errors are made of.
#pragma once

#include <limits>

namespace pal::cluster {

/// Twice the relative error of an operation on doubles.
inline constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

}  // namespace pal::cluster
