// Ascending sort of numbers by Highway's vectorized quicksort: some 15 times faster than std::sort
// on random floats.
#pragma once

#include <span>

namespace pal::kernels {

/// Sort the values in place. No NaN. -0 comes before +0.
void sort_ascending(std::span<float> values);
void sort_ascending(std::span<double> values);

}  // namespace pal::kernels
