// Points with weights: what every engine clusters.
#pragma once

#include <span>

namespace pal {

/// Points with weights; empty weights mean 1 each. Values finite, weights finite and >= 0 with a
/// positive sum (checked upstream). At least one point.
template <class Real>
struct WeightedPoints {
    std::span<const Real> values;     // [count * dim], point after point
    std::span<const double> weights;  // [count] or empty
};

}  // namespace pal
