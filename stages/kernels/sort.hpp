// Sorting numbers, ascending: Highway's vectorized quicksort, some 15 times faster than std::sort
// on random floats.
#pragma once

#include <span>

namespace pal::kernels {

/// No NaN. -0 comes before +0.
void sort_ascending(std::span<float> values);
void sort_ascending(std::span<double> values);

}  // namespace pal::kernels
