// A histogram of types of 16 bits: one bin per value, so that nothing is lost.
#pragma once

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal::cluster {

/// Returns a bin for each value of f16 or bf16 that occurs. O(n); quickest with
/// FloatBlocks::for_each_stored.
[[nodiscard]] CountedHistogram pattern_histogram(const FloatBlocks& values, DType dtype);

}  // namespace pal::cluster
